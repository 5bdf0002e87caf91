package entra

import (
	"bytes"
	"errors"
	"fmt"
	"io"
	"maps"
	"mime"
	"mime/multipart"
	"net/http"
	"net/url"
	"slices"
	"strings"

	"github.com/labstack/echo/v4"

	"github.com/kindred-emulator/kindred/emulator/apierr"
	"github.com/kindred-emulator/kindred/emulator/inbound"
	"github.com/kindred-emulator/kindred/emulator/journal"
)

// MaxBody is the largest body of a token request that is read, in bytes.
const MaxBody = 1 << 20

// The media types of a form.
const (
	formType      = "application/x-www-form-urlencoded"
	multipartType = "multipart/form-data"
)

// The values of the grant (RFC 6749, section 4.4; RFC 7523, section 2.2).
const (
	clientCredentials = "client_credentials"
	jwtBearer         = "urn:ietf:params:oauth:client-assertion-type:jwt-bearer"
)

// request is a token request. Every parameter is taken from the form here and nowhere else; one
// that is absent is the empty string, and one sent empty counts as absent.
type request struct {
	version       version
	host          string // the Host header, with its port
	tenant        string // the path's, unescaped
	grantType     string
	clientID      string
	clientSecret  string
	assertionType string
	assertion     string
	scope         string // space-separated
	resource      string
	contentType   string
	query         url.Values // not parameters; looked at for explanations only
}

// read takes the request apart. It refuses methods other than POST, except, unless Strict, a GET
// that carries a body; bodies over MaxBody; and parameters that are sent twice.
func (s *Surface) read(c echo.Context, v version) (*request, error) {
	q := c.Request()
	if q.Method != http.MethodPost {
		if q.Method != http.MethodGet || q.ContentLength == 0 || s.Strict {
			return nil, apierr.OnlyPost.With(q.Method).Because(explainMethod(q))
		}
		journal.Of(c).Diverge("a GET with a body was served; Entra answers it with " + apierr.OnlyPost.ID())
	}
	form, err := readForm(c.Response(), q)
	if err != nil {
		return nil, err
	}
	for _, name := range slices.Sorted(maps.Keys(form)) {
		if len(form[name]) > 1 {
			return nil, apierr.DuplicateParameter.With(name)
		}
	}
	r := &request{
		version:       v,
		host:          q.Host,
		tenant:        inbound.PathParam(c, "tenant"),
		grantType:     form.Get("grant_type"),
		clientID:      form.Get("client_id"),
		clientSecret:  form.Get("client_secret"),
		assertionType: form.Get("client_assertion_type"),
		assertion:     strings.TrimSpace(form.Get("client_assertion")), // a token file ends in a newline
		scope:         strings.TrimSpace(form.Get("scope")),
		resource:      strings.TrimSpace(form.Get("resource")),
		contentType:   q.Header.Get("Content-Type"),
		query:         q.URL.Query(),
	}
	r.basic(q)
	return r, nil
}

// basic takes the client's id and secret from the Authorization header, where the form has none
// (client_secret_basic: RFC 6749, section 2.3.1; both are form-encoded).
func (r *request) basic(q *http.Request) {
	id, secret, ok := q.BasicAuth()
	if !ok {
		return
	}
	if r.clientID == "" {
		r.clientID = unescape(id)
	}
	if r.clientSecret == "" {
		r.clientSecret = unescape(secret)
	}
}

func unescape(s string) string {
	if plain, err := url.QueryUnescape(s); err == nil {
		return plain
	}
	return s
}

// complete checks that every parameter which the grant needs is there, before anything is looked
// up.
func (r *request) complete() error {
	switch {
	case r.grantType == "":
		return r.missing("grant_type")
	case r.grantType != clientCredentials:
		return apierr.UnsupportedGrant.With(r.grantType).Because(explainGrant(r.grantType))
	case r.assertion == "" && r.clientSecret == "":
		return apierr.MissingCredential.With().Because(r.explainMissing("client_assertion"))
	case r.clientID == "":
		return r.missing("client_id")
	case r.version == v2 && r.scope == "":
		return r.missing("scope")
	case r.version == v1 && r.resource == "":
		return r.missing("resource")
	case r.assertion != "" && r.assertionType != jwtBearer:
		return r.missing("client_assertion_type")
	}
	return nil
}

func (r *request) missing(name string) error {
	return apierr.MissingParameter.With(name).Because(r.explainMissing(name))
}

// readForm reads the body's parameters: a urlencoded form or the fields of a multipart one. Any
// other body, such as JSON, and what cannot be read of these, holds no parameter for Entra.
func readForm(w http.ResponseWriter, q *http.Request) (url.Values, error) {
	body, err := io.ReadAll(http.MaxBytesReader(w, q.Body, MaxBody))
	if err != nil {
		var large *http.MaxBytesError
		if errors.As(err, &large) {
			return nil, apierr.BodyTooLarge.With(MaxBody)
		}
		return nil, fmt.Errorf("read the token request: %w", err)
	}
	return parseForm(q.Header.Get("Content-Type"), body), nil
}

func parseForm(contentType string, body []byte) url.Values {
	media, params, err := mime.ParseMediaType(contentType)
	if err != nil {
		return nil
	}
	switch media {
	case formType:
		values, _ := url.ParseQuery(string(body)) // pairs that are not well formed are left out
		return values
	case multipartType:
		// The parts stay in memory, for the body is smaller than what ReadForm keeps there.
		form, err := multipart.NewReader(bytes.NewReader(body), params["boundary"]).ReadForm(MaxBody)
		if err != nil {
			return nil
		}
		return form.Value
	}
	return nil
}
