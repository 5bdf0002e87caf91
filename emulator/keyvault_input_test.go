package emulator

import (
	"encoding/json"
	"errors"
	"fmt"
	"net/url"
	"strings"
	"testing"
	"testing/iotest"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"
)

func dump(t *testing.T, v any) string {
	t.Helper()
	b, err := json.Marshal(v)
	require.NoError(t, err)
	return string(b)
}

// unchanged asserts that the vault holds its three seeds and nothing else.
func (w *vaultWire) unchanged() {
	w.t.Helper()
	var got list
	w.send("GET", at(kv, "/secrets"), w.token(w.admin), "").into(&got)
	require.Len(w.t, got.Value, 3)
	w.send("GET", at(kv, "/deletedsecrets"), w.token(w.admin), "").is(200, `{"value":[],"nextLink":null}`)
	for _, s := range got.Value {
		assert.Equal(w.t, frozen.Unix(), s.Attributes.Updated)
	}
}

func TestVaultAPIVersions(t *testing.T) {
	w := newVaultWire(t)
	for _, v := range []string{"7.0", "7.1", "7.2", "7.3", "7.4", "7.5", "7.6", "2016-10-01", "2025-07-01", "2026-04-01", "2031-12-31"} {
		assert.Equal(t, 200, w.send("GET", kv+"/secrets/my-secret?api%2Dversion="+v, w.token(w.reader), "").status, v)
	}
	for _, v := range []string{"7.7", "8.0", "7", "7.10", "7.x", "x", "2025-06-30", "2025-13-01", "2025-7-1", "9999", "2016-10-02"} {
		w.send("GET", kv+"/secrets/my-secret?api-version="+v, w.token(w.reader), "").fails(400, "BadParameter", "",
			"The specified version ("+v+") is not recognized. Consider using the latest supported version (2026-04-01).")
	}
	// It comes after authentication, and before names and permissions.
	for _, q := range []struct{ method, target string }{
		{"GET", kv + "/secrets/my-secret"},
		{"GET", kv + "/secrets/my-secret?api-version="},
		{"PUT", kv + "/secrets/My_Secret"},
		{"GET", kv + "/deletedsecrets"},
	} {
		w.send(q.method, q.target, "", "").fails(401, "Unauthorized", "", noToken)
		w.send(q.method, q.target, w.token(w.stranger), "").
			fails(400, "BadParameter", "", "The query parameter api-version must be specified.")
	}
}

func TestVaultNames(t *testing.T) {
	w := newVaultWire(t)
	token := w.token(w.admin)
	long := strings.Repeat("n", 128)
	for escaped, message := range map[string]string{
		"My_Secret":               "The request URI contains an invalid name: My_Secret",
		"a%2Fb":                   "The request URI contains an invalid name: a/b",
		"..":                      "The request URI contains an invalid name: ..",
		"%2e%2e":                  "The request URI contains an invalid name: ..",
		"..%2F..%2Fetc":           "The request URI contains an invalid name: ../../etc",
		"a%20b":                   "The request URI contains an invalid name: a b",
		"a%00b":                   "The request URI contains an invalid name: a\x00b",
		"100%25":                  "The request URI contains an invalid name: 100%",
		"%2541":                   "The request URI contains an invalid name: %41",
		"caf%C3%A9":               "The request URI contains an invalid name: café",
		"%F0%9F%94%91":            "The request URI contains an invalid name: 🔑",
		"%3Cscript%3E":            "The request URI contains an invalid name: <script>",
		"a.b":                     "The request URI contains an invalid name: a.b",
		"%EF%BC%A1":               "The request URI contains an invalid name: Ａ",
		long:                      "The name of a secret may have 127 characters; this one has 128.",
		strings.Repeat("_", 9000): "The request URI contains an invalid name: " + strings.Repeat("_", 9000),
	} {
		for _, q := range []struct{ method, path, body string }{
			{"PUT", "/secrets/%s", `{"value":"v"}`},
			{"GET", "/secrets/%s", ""},
			{"PATCH", "/secrets/%s", "{}"},
			{"DELETE", "/secrets/%s", ""},
			{"GET", "/secrets/%s/versions", ""},
			{"POST", "/secrets/%s/backup", ""},
			{"GET", "/deletedsecrets/%s", ""},
			{"DELETE", "/deletedsecrets/%s", ""},
			{"POST", "/deletedsecrets/%s/recover", ""},
		} {
			w.send(q.method, at(kv, fmt.Sprintf(q.path, escaped)), token, q.body).fails(400, "BadParameter", "", message)
		}
	}
	w.unchanged()
}

func TestVaultVersions(t *testing.T) {
	w := newVaultWire(t)
	token := w.token(w.admin)
	for _, third := range []string{"invalidVersion", "backup", strings.Repeat("0", 31), strings.Repeat("A", 32), strings.Repeat("0", 33), "versions%2F", "a/b/c"} {
		text, err := url.PathUnescape(third)
		require.NoError(t, err)
		w.send("GET", at(kv, "/secrets/my-secret/"+third), token, "").
			fails(400, "BadParameter", "", "Method GET does not allow operation '"+text+"'")
	}
	w.send("PATCH", at(kv, "/secrets/my-secret/versions"), token, "{}").fails(400, "BadParameter", "", "Method PATCH does not allow operation 'versions'")
	w.send("DELETE", at(kv, "/secrets/my-secret/"+strings.Repeat("0", 32)), token, "").
		fails(400, "BadParameter", "", "Method DELETE does not allow operation '"+strings.Repeat("0", 32)+"'")
	absent := "my-secret/" + strings.Repeat("0", 32)
	w.send("GET", at(kv, "/secrets/"+absent), token, "").fails(404, "SecretNotFound", "", notFound(absent))
	w.send("PATCH", at(kv, "/secrets/"+absent), token, "{}").fails(404, "SecretNotFound", "", notFound(absent))
	for _, q := range []struct{ method, path, body string }{{"GET", "", ""}, {"DELETE", "", ""}, {"PATCH", "", "{}"}, {"POST", "/backup", ""}} {
		w.send(q.method, at(kv, "/secrets/none"+q.path), token, q.body).fails(404, "SecretNotFound", "", notFound("none"))
	}
	w.unchanged()
}

func TestVaultPathsAndMethods(t *testing.T) {
	w := newVaultWire(t)
	token := w.token(w.admin)
	for _, path := range []string{"/", "/keys", "/keys/k", "/certificates", "/deletedsecrets/a/b", "/deletedsecrets/a/recover/b", "/secretsx"} {
		w.send("GET", at(kv, path), token, "").fails(404, "NotFound", "", "There is no operation at '"+path+"'.")
	}
	for _, q := range []struct{ method, path, allow string }{
		{"POST", "/secrets", "GET, HEAD"},
		{"DELETE", "/secrets", "GET, HEAD"},
		{"POST", "/deletedsecrets", "GET, HEAD"},
		{"POST", "/secrets/my-secret", "GET, HEAD, PUT, PATCH, DELETE"},
		{"OPTIONS", "/secrets/my-secret", "GET, HEAD, PUT, PATCH, DELETE"},
		{"PUT", "/deletedsecrets/my-secret", "GET, HEAD, DELETE"},
		{"GET", "/deletedsecrets/my-secret/recover", "POST"},
		{"POST", "/healthstatus", "GET, HEAD"},
	} {
		got := w.send(q.method, at(kv, q.path), token, "")
		got.fails(405, "MethodNotAllowed", "", "The method "+q.method+" is not allowed at '"+q.path+"'.")
		assert.Equal(t, q.allow, got.header.Get("Allow"))
	}
	w.unchanged()
}

func TestVaultBodies(t *testing.T) {
	w := newVaultWire(t)
	token := w.token(w.admin)
	tags := func(n int) string {
		m := make(map[string]string)
		for i := range n {
			m[fmt.Sprint(i)] = ""
		}
		return dump(t, m)
	}
	const tooLong = "The name and the value of a tag may have 256 characters each."
	for _, c := range []struct{ body, message string }{
		{"", "The request body is empty."},
		{"{", "The request body is not valid JSON."},
		{`{"value":"v"} x`, "The request body is not valid JSON."},
		{"value=v", "The request body is not valid JSON."},
		{"[]", "The request body must be a JSON object; its type is array."},
		{`"v"`, "The request body must be a JSON object; its type is string."},
		{`{"value":5}`, "The property value of the request body has the wrong type: number."},
		{`{"value":"v","tags":{"a":1}}`, "The property tags of the request body has the wrong type: number."},
		{`{"value":"v","attributes":{"enabled":"yes"}}`, "The property attributes.enabled of the request body has the wrong type: string."},
		{`{"value":"v","attributes":{"exp":1.5}}`, "The property attributes.exp of the request body has the wrong type: number 1.5."},
		{`{"value":"v","attributes":{"exp":253402300800}}`, "The property attributes.exp is not a time in seconds since 1970-01-01."},
		{`{"value":"v","attributes":{"nbf":-1}}`, "The property attributes.nbf is not a time in seconds since 1970-01-01."},
		{`{"value":"v","attributes":{"nbf":2,"exp":1}}`, "The property attributes.nbf must not be after attributes.exp."},
		{`{"value":"v","tags":` + tags(16) + `}`, "Property  has invalid value\r\n"},
		{`{"value":"v","tags":{"` + strings.Repeat("é", 257) + `":""}}`, tooLong},
		{`{"value":"v","tags":{"":"` + strings.Repeat("x", 257) + `"}}`, tooLong},
		{`{"value":"v","contentType":"` + strings.Repeat("x", 256) + `"}`, "The property contentType has 256 characters; the limit is 255."},
	} {
		w.send("PUT", at(kv, "/secrets/new"), token, c.body).fails(400, "BadParameter", "", c.message)
		w.send("PATCH", at(kv, "/secrets/my-secret"), token, c.body).fails(400, "BadParameter", "", c.message)
	}
	for _, body := range []string{"{}", "null", `{"value":null}`, `{"tags":{}}`} {
		w.send("PUT", at(kv, "/secrets/new"), token, body).fails(400, "BadParameter", "", "The property value is required.")
		w.send("POST", at(kv, "/secrets/restore"), token, body).fails(400, "BadParameter", "", "The property value is required.")
	}
	w.send("PUT", at(kv, "/secrets/new"), token, `{"value":"`+strings.Repeat("é", 12801)+`"}`).
		fails(400, "BadParameter", "", "The value of the secret has 25602 bytes; the limit is 25600.")
	w.send("PUT", at(kv, "/secrets/new"), token, `{"value":"`+strings.Repeat("x", 64<<10)+`"}`).
		fails(413, "RequestEntityTooLarge", "", "The request body is larger than the 65536 bytes that are accepted.")
	w.unchanged()

	// Up to the limits, and with properties that nobody knows.
	w.send("PUT", at(kv, "/secrets/full"), token, `{"value":"`+strings.Repeat("é", 12800)+`","tags":`+tags(15)+
		`,"contentType":"`+strings.Repeat("é", 255)+`","attributes":{"nbf":1,"exp":1,"recoveryLevel":"x"},"more":[1]}`).into(new(secret))
	w.send("PATCH", at(kv, "/secrets/full"), token, `{"value":"ignored","tags":{"`+strings.Repeat("é", 256)+`":"x"}}`).into(new(secret))
	var got secret
	w.send("GET", at(kv, "/secrets/full"), token, "").into(&got)
	assert.Equal(t, strings.Repeat("é", 12800), *got.Value)
	assert.Len(t, got.Tags, 1)
	w.send("PATCH", at(kv, "/secrets/full"), token, `{"attributes":{"exp":0}}`).
		fails(400, "BadParameter", "", "The property attributes.nbf must not be after attributes.exp.")
}

// A secret with hundreds of versions makes a backup larger than any other body may be.
func TestVaultLargeBackup(t *testing.T) {
	w := newVaultWire(t)
	token := w.token(w.admin)
	body := `{"value":"` + strings.Repeat("x", 20_000) + `"}`
	for range 10 {
		w.send("PUT", at(kv, "/secrets/big"), token, body).into(new(secret))
	}
	backup := w.send("POST", at(kv, "/secrets/big/backup"), token, "")
	require.Greater(t, len(backup.body), 200_000)
	w.send("DELETE", at(kv, "/secrets/big"), token, "").into(new(secret))
	w.send("DELETE", at(kv, "/deletedsecrets/big"), token, "").is(204, "")
	w.send("POST", at(kv, "/secrets/restore"), token, backup.body).into(new(secret))
	var got list
	w.send("GET", at(kv, "/secrets/big/versions"), token, "").into(&got)
	assert.Len(t, got.Value, 10)

	for range 491 {
		w.send("PUT", at(kv, "/secrets/big"), token, `{"value":""}`)
	}
	w.send("POST", at(kv, "/secrets/big/backup"), token, "").
		fails(400, "BadParameter", "", "Secret big has 501 versions; a backup holds up to 500.")
}

func TestVaultWithoutRandomness(t *testing.T) {
	a := newAzure()
	w := &vaultWire{t: t, azure: a, wire: newWire(t, a.Directory, func(o *Options) { o.Rand = iotest.ErrReader(errors.New("dry")) })}
	w.send("PUT", at(kv, "/secrets/new"), w.token(w.admin), `{"value":"v"}`).
		fails(500, "InternalServerError", "", "An internal error occurred.")
	w.unchanged()
}
