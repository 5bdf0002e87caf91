package apierr

import (
	"encoding/json"
	"fmt"
	"net/http"
	"strconv"
	"time"
)

// Envelope is what a response says beside the error itself.
type Envelope struct {
	Time          time.Time
	TraceID       string // GUID; equals the x-ms-request-id header
	CorrelationID string // GUID; the client-request-id that the client sent, or a new one
}

// timestamp is the layout of Entra's envelope.
const timestamp = "2006-01-02 15:04:05Z"

type entraBody struct {
	Error         string `json:"error"`
	Description   string `json:"error_description"`
	Codes         []int  `json:"error_codes"`
	Timestamp     string `json:"timestamp"`
	TraceID       string `json:"trace_id"`
	CorrelationID string `json:"correlation_id"`
	URI           string `json:"error_uri,omitempty"`
}

// WriteEntra answers with Entra's envelope. Its description ends in the trace id, correlation id
// and timestamp on the same line, as responses since 2023 do.
func WriteEntra(w http.ResponseWriter, e *Error, env Envelope) error {
	at := env.Time.UTC().Format(timestamp)
	body := entraBody{
		Error: e.Code,
		Description: fmt.Sprintf("%s Trace ID: %s Correlation ID: %s Timestamp: %s",
			e.Error(), env.TraceID, env.CorrelationID, at),
		Codes:         []int{e.Number},
		Timestamp:     at,
		TraceID:       env.TraceID,
		CorrelationID: env.CorrelationID,
	}
	if e.ErrorURI {
		body.URI = fmt.Sprintf("https://login.microsoftonline.com/error?code=%d", e.Number)
	}
	return write(w, e, body)
}

type vaultBody struct {
	Error vaultError `json:"error"`
}

type vaultError struct {
	Code    string      `json:"code"`
	Message string      `json:"message"`
	Inner   *vaultInner `json:"innererror,omitempty"`
}

type vaultInner struct {
	Code string `json:"code"`
}

// WriteKeyVault answers with Key Vault's envelope.
func WriteKeyVault(w http.ResponseWriter, e *Error) error {
	body := vaultBody{Error: vaultError{Code: e.Code, Message: e.Message}}
	if e.Inner != "" {
		body.Error.Inner = &vaultInner{Code: e.Inner}
	}
	return write(w, e, body)
}

func write(w http.ResponseWriter, e *Error, body any) error {
	if e.RetryAfter > 0 {
		w.Header().Set("Retry-After", strconv.Itoa(e.RetryAfter))
	}
	w.Header().Set("Content-Type", "application/json; charset=utf-8")
	w.WriteHeader(e.Status)
	enc := json.NewEncoder(w)
	enc.SetEscapeHTML(false)
	return enc.Encode(body)
}
