// Package apierr is the catalogue of errors that kindred answers with, and the two ways they are
// written: Microsoft Entra's envelope and Key Vault's.
//
// Errors are data. Each stands in one row (entra.go, keyvault.go) with everything that depends on
// it: number, OAuth error or code, status, text, evidence. A handler returns
//
//	return apierr.NoMatchingSubject.With(sub).Because(explanation)
//
// and one writer picks the envelope. Nothing else in kindred spells an AADSTS number.
package apierr

import (
	"fmt"
	"net/http"
	"regexp"
	"slices"
	"strings"
)

// Evidence is how well a row is known to be what Azure answers.
type Evidence string

// The grades, best first.
const (
	Live       Evidence = "live"       // a verbatim response of the real service
	Documented Evidence = "documented" // Microsoft's documentation or API specification
	Reported   Evidence = "reported"   // a secondary write-up, or a paste in a public issue
	Assumed    Evidence = "assumed"    // chosen by analogy with neighbouring rows
)

// Row is one error of the catalogue.
type Row struct {
	// Number is the AADSTS number of an Entra error; zero for Key Vault.
	Number int
	// Code is the OAuth error (RFC 6749, section 5.2), or Key Vault's error.code.
	Code string
	// Inner is Key Vault's error.innererror.code; empty where there is none.
	Inner string
	// Status is the HTTP status.
	Status int
	// ErrorURI says that Entra adds an error_uri.
	ErrorURI bool
	// Text is the message, a format of package fmt; Entra's without its `AADSTSnnn: `.
	Text     string
	Evidence Evidence
}

// With makes an error of the row, its arguments set into the text.
func (r *Row) With(args ...any) *Error {
	message := r.Text
	if len(args) > 0 {
		message = fmt.Sprintf(r.Text, args...)
	}
	return &Error{Row: r, Message: message}
}

var verb = regexp.MustCompile(`%[a-z]`)

// Unspecific makes an error of the row that speaks of nothing in particular.
func (r *Row) Unspecific() *Error {
	return &Error{Row: r, Message: strings.ReplaceAll(verb.ReplaceAllString(r.Text, "…"), "%%", "%")}
}

// ID names the row: AADSTS700213, or Key Vault's innermost code.
func (r *Row) ID() string {
	switch {
	case r.Number != 0:
		return fmt.Sprintf("AADSTS%d", r.Number)
	case r.Inner != "":
		return r.Inner
	default:
		return r.Code
	}
}

// Error is one refusal. The wire shows Row and Message; the journal shows Explanation too.
type Error struct {
	*Row
	Message string
	// Explanation says why, and how to mend it; nil where the message says it all.
	Explanation *Explanation
	// RetryAfter is the Retry-After header in seconds; zero for none.
	RetryAfter int
}

// Error is the row's name and the message.
func (e *Error) Error() string {
	if e.Number != 0 {
		return e.ID() + ": " + e.Message
	}
	return e.Message
}

// Because attaches the explanation.
func (e *Error) Because(x *Explanation) *Error {
	e.Explanation = x
	return e
}

// Is compares by row, so errors.Is(err, apierr.NoMatchingSubject.With()) holds whatever the text.
func (e *Error) Is(target error) bool {
	t, ok := target.(*Error)
	return ok && t.Row == e.Row
}

// Internal is what an unforeseen error becomes on the wire; its cause goes to the log only.
var Internal = &Row{Code: "InternalServerError", Status: http.StatusInternalServerError, Text: "An internal error occurred.", Evidence: Assumed}

// catalogue collects the rows as they are declared, for tests and for the documentation.
var catalogue []*Row

// All lists the catalogue in the order of declaration.
func All() []*Row { return slices.Clone(catalogue) }

func declare(r *Row) *Row {
	catalogue = append(catalogue, r)
	return r
}
