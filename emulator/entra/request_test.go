package entra

import (
	"bytes"
	"mime"
	"mime/multipart"
	"net/url"
	"strings"
	"testing"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"
)

func TestParseForm(t *testing.T) {
	t.Parallel()
	part := func(disposition, content string) string {
		return "--b\r\nContent-Disposition: form-data; " + disposition + "\r\n\r\n" + content + "\r\n"
	}
	for name, c := range map[string]struct {
		contentType, body string
		want              url.Values
	}{
		"urlencoded":    {"application/x-www-form-urlencoded", "a=1&b=%2F+x", url.Values{"a": {"1"}, "b": {"/ x"}}},
		"charset":       {"Application/X-WWW-Form-Urlencoded; charset=utf-8", "a=1", url.Values{"a": {"1"}}},
		"bad escape":    {"application/x-www-form-urlencoded", "a=%zz&b=2", url.Values{"b": {"2"}}},
		"semicolon":     {"application/x-www-form-urlencoded", "a=1;b=2&c=3", url.Values{"c": {"3"}}},
		"doubled":       {"application/x-www-form-urlencoded", "a=1&a=2", url.Values{"a": {"1", "2"}}},
		"multipart":     {"multipart/form-data; boundary=b", part(`name="a"`, "1") + part(`name="b"`, "2") + "--b--", url.Values{"a": {"1"}, "b": {"2"}}},
		"file":          {"multipart/form-data; boundary=b", part(`name="a"; filename="x"`, "1") + part(`name="b"`, "2") + "--b--", url.Values{"b": {"2"}}},
		"truncated":     {"multipart/form-data; boundary=b", part(`name="a"`, "1"), nil},
		"no boundary":   {"multipart/form-data", part(`name="a"`, "1"), nil},
		"json":          {"application/json", `{"a":1}`, nil},
		"no media type": {"", "a=1", nil},
		"bad type":      {"a/b; c", "a=1", nil},
		"many parts":    {"multipart/form-data; boundary=b", strings.Repeat(part(`name="a"`, ""), 2000) + "--b--", nil},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			assert.Equal(t, c.want, parseForm(c.contentType, []byte(c.body)))
		})
	}
}

// Whatever arrives, the parser takes it without a panic, leaves nothing larger than it was sent,
// and reads back what a multipart writer wrote.
func FuzzForm(f *testing.F) {
	f.Add(formType, []byte("grant_type=client_credentials&client_id=a&scope=b%2F.default"))
	f.Add(formType+"; charset=utf-8", []byte("a=%zz&a=1;b=2&&=&="))
	f.Add("multipart/form-data; boundary=b", []byte("--b\r\nContent-Disposition: form-data; name=\"a\"\r\n\r\n1\r\n--b--"))
	f.Add("multipart/form-data", []byte("--b"))
	f.Add("application/json", []byte(`{"grant_type":"client_credentials"}`))
	f.Fuzz(func(t *testing.T, contentType string, body []byte) {
		total := 0
		for name, values := range parseForm(contentType, body) {
			for _, v := range values {
				total += len(v)
				again := roundTrip(t, name, v)
				if again != nil {
					assert.Equal(t, []string{v}, again)
				}
			}
		}
		assert.LessOrEqual(t, total, len(body))
	})
}

// roundTrip sends one field as multipart; nil where its name cannot be written as it is.
func roundTrip(t *testing.T, name, value string) []string {
	t.Helper()
	if name == "" || strings.ContainsAny(name, "\r\n\"\\") {
		return nil
	}
	var body bytes.Buffer
	w := multipart.NewWriter(&body)
	require.NoError(t, w.WriteField(name, value))
	require.NoError(t, w.Close())
	if _, params, err := mime.ParseMediaType(`form-data; name="` + name + `"`); err != nil || params["name"] != name {
		return nil
	}
	return parseForm(w.FormDataContentType(), body.Bytes())[name]
}
