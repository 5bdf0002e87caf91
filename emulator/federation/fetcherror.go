package federation

import (
	"context"
	"crypto/tls"
	"errors"
	"fmt"
	"net"
	"net/http"
	"net/url"
	"strconv"
	"syscall"
)

// fetchError is why an issuer's keys could not be had.
type fetchError struct {
	url   string // of the document that failed
	cause error
}

func (e *fetchError) Error() string { return e.url + ": " + reason(e.cause) }
func (e *fetchError) Unwrap() error { return e.cause }

// The causes beside those of the network.
type (
	statusError         int    // an HTTP status that is not 200
	documentError       string // a document that cannot be used
	insecureError       string // the URL that is not https
	issuerMismatchError struct{ document, token string }
)

func (e statusError) Error() string {
	return "answered with status " + strconv.Itoa(int(e)) + " " + http.StatusText(int(e))
}

func (e documentError) Error() string { return string(e) }

func (e insecureError) Error() string {
	return fmt.Sprintf("%q is not an absolute https URL", string(e))
}

func (e issuerMismatchError) Error() string {
	return fmt.Sprintf("the document names the issuer %q, the assertion %q", e.document, e.token)
}

// reason says in words what kind of failure it is, then the failure itself.
func reason(err error) string {
	var (
		dns     *net.DNSError
		tlsFail *tls.CertificateVerificationError
		record  tls.RecordHeaderError
		alert   tls.AlertError
		request *url.Error
	)
	kind := ""
	switch {
	case errors.As(err, &dns):
		kind = "the name does not resolve"
	case errors.Is(err, syscall.ECONNREFUSED):
		kind = "the connection was refused"
	case errors.As(err, &tlsFail):
		kind = "its certificate is not trusted"
	case errors.As(err, &record), errors.As(err, &alert):
		kind = "the TLS handshake failed"
	case errors.Is(err, context.DeadlineExceeded):
		kind = "no answer in time"
	case errors.Is(err, context.Canceled):
		kind = "the request was given up"
	}
	if errors.As(err, &request) {
		err = request.Err // without the URL, which is named already
	}
	if kind == "" {
		return err.Error()
	}
	return kind + ": " + err.Error()
}
