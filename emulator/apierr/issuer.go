package apierr

import "net/http"

// The rows of a cluster's issuer, which answers in plain text.
var (
	IssuerPath = issuer(http.StatusNotFound, "IssuerPathNotFound",
		"No issuer publishes a document at '%s'.")
	IssuerMethod = issuer(http.StatusMethodNotAllowed, "IssuerMethodNotAllowed",
		"The method %s is not allowed: an issuer's documents are read with GET.")
)

func issuer(status int, code, text string) *Row {
	return declare(&Row{Status: status, Code: code, Evidence: Assumed, Text: text})
}
