// Package inbound reads what every surface reads of a request in the same way.
package inbound

import (
	"net"
	"net/url"
	"strings"

	"github.com/labstack/echo/v4"
)

// Host is the name in a Host header or authority (RFC 9110, section 7.2), the form in which hosts are
// looked up: without port, brackets and closing dot, in lower case.
func Host(hostport string) string {
	host := hostport
	if strings.Contains(host, ":") {
		if name, _, err := net.SplitHostPort(host); err == nil {
			host = name
		}
	}
	return strings.ToLower(strings.TrimSuffix(strings.Trim(host, "[]"), "."))
}

// Loopback says whether a host, with or without a port, is this machine.
func Loopback(hostport string) bool {
	host := Host(hostport)
	ip := net.ParseIP(host)
	return host == "localhost" || ip != nil && ip.IsLoopback()
}

// PathParam is a parameter of the path, unescaped once. The router matches the escaped path where there
// is one.
func PathParam(c echo.Context, name string) string {
	raw := c.Param(name)
	if c.Request().URL.RawPath == "" {
		return raw
	}
	if plain, err := url.PathUnescape(raw); err == nil {
		return plain
	}
	return raw
}
