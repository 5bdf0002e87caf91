package emulator

import (
	"bufio"
	"bytes"
	"net/http"
	"net/url"
	"testing"

	"github.com/stretchr/testify/assert"
)

// FuzzRequest has every surface answer whatever bytes are a request. None of them is kindred's own
// fault: no answer is in the 500s, and nothing panics.
func FuzzRequest(f *testing.F) {
	w := newVaultWire(f)
	bearer := "Authorization: Bearer " + w.token(w.admin) + "\r\n"
	host := "Host: " + kv + ".vault.azure.net\r\n"
	form := url.Values{
		"grant_type": {"client_credentials"}, "client_id": {w.reader.ClientID}, "scope": {"https://vault.azure.net/.default"},
		"client_assertion_type": {"urn:ietf:params:oauth:client-assertion-type:jwt-bearer"}, "client_assertion": {w.token(w.reader)},
	}.Encode()
	for _, request := range []string{
		"GET /secrets/my-secret/?api-version=7.4 HTTP/1.1\r\n" + host + bearer + "\r\n",
		"GET /secrets?api-version=7.4&maxresults=2&$skiptoken=x HTTP/1.1\r\n" + host + bearer + "\r\n",
		"GET /deletedsecrets/my-secret?api-version=7.4 HTTP/1.1\r\n" + host + bearer + "\r\n",
		"PUT /secrets/a?api-version=7.4 HTTP/1.1\r\n" + host + bearer + "Content-Type: application/json\r\nContent-Length: 31\r\n\r\n" + `{"value":"v","tags":{"a":"b"}}` + " ",
		"PATCH /secrets/my-secret/1?api-version=7.4 HTTP/1.1\r\n" + host + bearer + "Content-Length: 29\r\n\r\n" + `{"attributes":{"exp":1.5e99}}`,
		"POST /secrets/restore?api-version=7.4 HTTP/1.1\r\n" + host + bearer + "Content-Length: 16\r\n\r\n" + `{"value":"AAAA"}`,
		"POST /" + w.reader.Tenant.ID + "/oauth2/v2.0/token HTTP/1.1\r\nHost: login.microsoftonline.com\r\nContent-Type: application/x-www-form-urlencoded\r\n\r\n" + form,
		"GET /common/discovery/instance?api-version=1.1&authorization_endpoint=https://login.microsoftonline.com/x HTTP/1.1\r\nHost: login.microsoftonline.com\r\n\r\n",
		"GET /" + w.reader.Tenant.ID + "/v2.0/.well-known/openid-configuration HTTP/1.1\r\nHost: login.microsoftonline.com:443\r\n\r\n",
		"GET /.well-known/openid-configuration HTTP/1.1\r\nHost: eastus.oic.prod-aks.azure.com\r\n\r\n",
		"OPTIONS * HTTP/1.1\r\nHost: [::1]:8443\r\n\r\n",
	} {
		f.Add([]byte(request))
	}
	f.Fuzz(func(t *testing.T, raw []byte) {
		head, body, _ := bytes.Cut(raw, []byte("\r\n\r\n"))
		q, err := http.ReadRequest(bufio.NewReader(bytes.NewReader(append(bytes.Clone(head), "\r\n\r\n"...))))
		if err != nil {
			return // net/http answers it
		}
		again, err := http.NewRequestWithContext(t.Context(), q.Method, q.URL.String(), bytes.NewReader(body))
		if err != nil {
			return
		}
		again.Header, again.Host, again.RemoteAddr = q.Header, q.Host, "192.0.2.1:1234"
		answer := w.do(again)
		assert.Less(t, answer.StatusCode, http.StatusInternalServerError)
	})
}
