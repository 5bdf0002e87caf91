package inbound_test

import (
	"net/http"
	"net/http/httptest"
	"testing"

	"github.com/labstack/echo/v4"
	"github.com/stretchr/testify/assert"

	"github.com/kindred-emulator/kindred/emulator/inbound"
)

func TestHost(t *testing.T) {
	t.Parallel()
	for hostport, host := range map[string]string{
		"":                               "",
		"Login.MicrosoftOnline.com":      "login.microsoftonline.com",
		"login.microsoftonline.com.":     "login.microsoftonline.com",
		"kv.vault.azure.net:443":         "kv.vault.azure.net",
		"kv.vault.azure.net.:8443":       "kv.vault.azure.net",
		"127.0.0.1:8443":                 "127.0.0.1",
		"[::1]:8443":                     "::1",
		"[::1]":                          "::1",
		"::1":                            "::1",
		":8443":                          "",
		"two:ports:443":                  "two:ports:443",
		"kv.vault.localhost:not-a-port!": "kv.vault.localhost",
	} {
		assert.Equal(t, host, inbound.Host(hostport), hostport)
	}
}

func TestLoopback(t *testing.T) {
	t.Parallel()
	for hostport, is := range map[string]bool{
		"localhost": true, "LOCALHOST:1": true, "127.0.0.1:1": true, "127.9.8.7": true, "[::1]:1": true, "::1": true,
		"": false, ":1": false, "0.0.0.0:1": false, "[::]:1": false, "10.0.0.1:1": false, "localhost.example": false,
		"169.254.169.254": false, "127.0.0.1.nip.io": false,
	} {
		assert.Equal(t, is, inbound.Loopback(hostport), hostport)
	}
}

func TestPathParam(t *testing.T) {
	t.Parallel()
	for path, name := range map[string]string{
		"/plain":      "plain",
		"/a%2Fb":      "a/b",
		"/a%20b":      "a b",
		"/%2541":      "%41", // once
		"/a%2Fb%2541": "a/b%41",
	} {
		e := echo.New()
		var got string
		e.GET("/:name", func(c echo.Context) error {
			got = inbound.PathParam(c, "name")
			return nil
		})
		e.ServeHTTP(httptest.NewRecorder(), httptest.NewRequest(http.MethodGet, path, nil))
		assert.Equal(t, name, got, path)
	}
}
