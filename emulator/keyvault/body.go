package keyvault

import (
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"net/http"
	"unicode/utf8"

	"github.com/kindred-emulator/kindred/emulator/apierr"
)

// The limits of a secret: https://learn.microsoft.com/azure/key-vault/secrets/about-secrets.
const (
	maxValue       = 25_600 // bytes
	maxContentType = 255    // characters
	maxTags        = 15
	maxTag         = 256 // characters, of a name and of a value
	maxTime        = 253_402_300_799
)

const (
	// maxBody is what a set or update may send, in bytes: the largest value, escaped.
	maxBody = 64 << 10
	// maxBackup is what a restore may send, in bytes: the largest backup, see maxBackupVersions.
	maxBackup = 64 << 20
)

// setBody is the SecretSetParameters of set, and without Value the SecretUpdateParameters of update.
// A field that is absent or null is nil.
type setBody struct {
	Value       *string           `json:"value"`
	ContentType *string           `json:"contentType"`
	Tags        map[string]string `json:"tags"`
	Attributes  struct {
		Enabled   *bool  `json:"enabled"`
		NotBefore *int64 `json:"nbf"`
		Expires   *int64 `json:"exp"`
	} `json:"attributes"`
}

func badParameter(format string, args ...any) error {
	return apierr.BadParameter.With(fmt.Sprintf(format, args...))
}

// readBody decodes a request's JSON; properties it does not know are ignored, as Azure does.
func readBody(q *http.Request, limit int64, into any) error {
	body, err := io.ReadAll(io.LimitReader(q.Body, limit+1))
	switch {
	case err != nil:
		return badParameter("The request body cannot be read.")
	case int64(len(body)) > limit:
		return apierr.VaultBodyTooLarge.With(limit)
	case len(body) == 0:
		return badParameter("The request body is empty.")
	}
	return decode(body, into)
}

func decode(body []byte, into any) error {
	var wrong *json.UnmarshalTypeError
	err := json.Unmarshal(body, into)
	switch {
	case err == nil:
		return nil
	case errors.As(err, &wrong) && wrong.Field != "":
		return badParameter("The property %s of the request body has the wrong type: %s.", wrong.Field, wrong.Value)
	case errors.As(err, &wrong):
		return badParameter("The request body must be a JSON object; its type is %s.", wrong.Value)
	default:
		return badParameter("The request body is not valid JSON.")
	}
}

// apply sets what the body has on a version, and checks the outcome.
func (b *setBody) apply(v *version) error {
	if b.Value != nil {
		v.value = *b.Value
	}
	if b.ContentType != nil {
		v.contentType = *b.ContentType
	}
	if b.Tags != nil {
		v.tags = b.Tags
	}
	if b.Attributes.Enabled != nil {
		v.enabled = *b.Attributes.Enabled
	}
	if b.Attributes.NotBefore != nil {
		v.notBefore = b.Attributes.NotBefore
	}
	if b.Attributes.Expires != nil {
		v.expires = b.Attributes.Expires
	}
	return v.check()
}

// check holds a version against the limits.
func (v *version) check() error {
	if len(v.value) > maxValue {
		return badParameter("The value of the secret has %d bytes; the limit is %d.", len(v.value), maxValue)
	}
	if n := utf8.RuneCountInString(v.contentType); n > maxContentType {
		return badParameter("The property contentType has %d characters; the limit is %d.", n, maxContentType)
	}
	if len(v.tags) > maxTags {
		return apierr.BadProperty.With("")
	}
	for name, value := range v.tags {
		if utf8.RuneCountInString(name) > maxTag || utf8.RuneCountInString(value) > maxTag {
			return badParameter("The name and the value of a tag may have %d characters each.", maxTag)
		}
	}
	for _, t := range []struct {
		name string
		at   *int64
	}{{"nbf", v.notBefore}, {"exp", v.expires}} {
		if t.at != nil && (*t.at < 0 || *t.at > maxTime) {
			return badParameter("The property attributes.%s is not a time in seconds since 1970-01-01.", t.name)
		}
	}
	if v.notBefore != nil && v.expires != nil && *v.notBefore > *v.expires {
		return badParameter("The property attributes.nbf must not be after attributes.exp.")
	}
	return nil
}
