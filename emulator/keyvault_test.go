package emulator

import (
	"fmt"
	"net/http"
	"net/http/httptest"
	"strings"
	"testing"
	"time"

	"github.com/google/uuid"
	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"
)

func TestSecretLife(t *testing.T) {
	w := newVaultWire(t)
	admin := w.token(w.admin)
	created := frozen.Unix()
	attributes := fmt.Sprintf(`"attributes":{"enabled":true,"created":%d,"updated":%d,"recoveryLevel":"Recoverable+Purgeable","recoverableDays":90}`, created, created)

	var first secret
	set := w.send("PUT", at(kv, "/secrets/Db-Password"), admin, `{"value":"a<b>&\"é\" ","contentType":"text/plain","tags":{"env":"test"}}`)
	set.into(&first)
	require.Len(t, first.version(), 32)
	id := kv + "/secrets/Db-Password/" + first.version()
	set.is(200, `{"value":"a<b>&\"é\" ","contentType":"text/plain","id":"`+id+`",`+attributes+`,"tags":{"env":"test"}}`)

	// Names keep their case and are found in any; a trailing slash and a double one are as good.
	for _, path := range []string{"/secrets/Db-Password", "/secrets/db-password/", "//secrets/DB-PASSWORD", "/secrets/Db-Password/" + first.version()} {
		w.send("GET", at(kv, path), admin, "").is(200, set.body)
	}

	// A second version, an update of the first, and the list of both.
	w.time = frozen.Add(time.Minute)
	var second secret
	w.send("PUT", at(kv, "/secrets/db-password"), admin, `{"value":"","attributes":{"enabled":true,"nbf":10,"exp":32503680000}}`).into(&second)
	assert.NotEqual(t, first.ID, second.ID)
	assert.Equal(t, kv+"/secrets/Db-Password/"+second.version(), second.ID)
	assert.Empty(t, *second.Value)
	w.send("PATCH", at(kv, "/secrets/db-password/"+first.version()), admin, `{"attributes":{"enabled":false},"tags":{}}`).
		is(200, fmt.Sprintf(`{"contentType":"text/plain","id":"%s","attributes":{"enabled":false,"created":%d,"updated":%d,"recoveryLevel":"Recoverable+Purgeable","recoverableDays":90}}`, id, created, created+60))
	w.send("GET", at(kv, "/secrets/db-password/"+first.version()), admin, "").
		fails(403, "Forbidden", "SecretDisabled", "Operation get is not allowed on a disabled secret.")
	w.send("PATCH", at(kv, "/secrets/db-password/"+first.version()), admin, `{"attributes":{"enabled":true}}`).into(new(secret))
	w.send("PATCH", at(kv, "/secrets/db-password/"), admin, `{"contentType":"x"}`).into(new(secret))
	w.send("GET", at(kv, "/secrets/db-password/"+first.version()), admin, "").into(&first)
	assert.Equal(t, "a<b>&\"é\" ", *first.Value)

	// Deleted, it can be seen, and neither read, set nor updated.
	w.time = frozen.Add(time.Hour - time.Second)
	now := w.time.Unix()
	var latest secret
	w.send("GET", at(kv, "/secrets/db-password"), admin, "").into(&latest)
	deleted := w.send("DELETE", at(kv, "/secrets/db-password"), admin, "")
	deleted.is(200, fmt.Sprintf(`{"recoveryId":"%s/deletedsecrets/Db-Password","deletedDate":%d,"scheduledPurgeDate":%d,"contentType":"x","id":"%s","attributes":{"enabled":true,"nbf":10,"exp":32503680000,"created":%d,"updated":%d,"recoveryLevel":"Recoverable+Purgeable","recoverableDays":90}}`,
		kv, now, now+90*86400, second.ID, created+60, created+60))
	w.send("GET", at(kv, "/deletedsecrets/DB-password"), admin, "").is(200, deleted.body)
	for _, q := range []struct{ method, body string }{{"GET", ""}, {"PATCH", "{}"}, {"DELETE", ""}} {
		assert.Equal(t, 404, w.send(q.method, at(kv, "/secrets/db-password"), admin, q.body).status, q.method)
	}
	w.send("PUT", at(kv, "/secrets/db-password"), admin, `{"value":"x"}`).fails(409, "Conflict", "ObjectIsDeletedButRecoverable",
		"Secret db-password is currently in a deleted but recoverable state, and its name cannot be reused; in this state, the secret can only be recovered or purged.")

	// Recovered, it is what it was.
	var recovered, after secret
	w.send("POST", at(kv, "/deletedsecrets/db-password/recover"), admin, "").into(&recovered)
	assert.Nil(t, recovered.Value)
	w.send("GET", at(kv, "/secrets/db-password"), admin, "").into(&after)
	assert.Equal(t, latest, after)
	w.send("GET", at(kv, "/deletedsecrets/db-password"), admin, "").
		fails(404, "SecretNotFound", "", "Deleted Secret not found: db-password")
}

func TestSecretPurgeAndRestore(t *testing.T) {
	w := newVaultWire(t)
	admin := w.token(w.admin)
	for _, value := range []string{"one", "two"} {
		w.send("PUT", at(kv, "/secrets/S"), admin, `{"value":"`+value+`","attributes":{"exp":4102444800},"tags":{"k":"v"}}`).into(new(secret))
	}
	read := w.send("GET", at(kv, "/secrets/S"), admin, "")
	versions := w.send("GET", at(kv, "/secrets/S/versions"), admin, "")
	backup := w.send("POST", at(kv, "/secrets/s/backup"), admin, "")
	var blob struct{ Value string }
	backup.into(&blob)
	assert.Regexp(t, `^\{"value":"[A-Za-z0-9_-]+"\}$`, backup.body)

	const taken = "A secret with name S already exists in this vault, or in its deleted but recoverable secrets, and cannot be restored."
	restore := func(w *vaultWire) *reply {
		return w.send("POST", at(kv, "/secrets/restore"), w.token(w.admin), backup.body)
	}
	restore(w).fails(409, "Conflict", "", taken)
	w.send("DELETE", at(kv, "/secrets/S"), admin, "").into(new(secret))
	restore(w).fails(409, "Conflict", "", taken)
	purged := w.send("DELETE", at(kv, "/deletedsecrets/S"), admin, "").is(204, "")
	assert.Empty(t, purged.header.Get("Content-Type"))
	assert.Equal(t, "no-cache", purged.header.Get("Cache-Control"))
	w.send("DELETE", at(kv, "/deletedsecrets/S"), admin, "").fails(404, "SecretNotFound", "", "Deleted Secret not found: S")

	// The same kindred, and another one: the id and all versions are as before.
	other := newVaultWire(t)
	for _, w := range []*vaultWire{w, other} {
		var restored secret
		restore(w).into(&restored)
		assert.Nil(t, restored.Value)
		w.send("GET", at(kv, "/secrets/S"), w.token(w.admin), "").is(200, read.body)
		w.send("GET", at(kv, "/secrets/S/versions"), w.token(w.admin), "").is(200, versions.body)
	}
	for _, bad := range []string{"", "AAAA", blob.Value[:len(blob.Value)-8], "x" + blob.Value, blob.Value + "AAAA"} {
		w.send("POST", at(kv, "/secrets/restore"), admin, `{"value":"`+bad+`"}`).
			fails(400, "Malformed backup blob", "", "Backup blob contains invalid or corrupt version.")
	}
}

func TestSecretSeeds(t *testing.T) {
	w := newVaultWire(t)
	admin := w.token(w.admin)
	// Expired, yet readable; the id follows from the names.
	w.send("GET", at(kv, "/secrets/old"), admin, "").is(200, fmt.Sprintf(
		`{"value":"<past & gone>","contentType":"text/plain","id":"https://kv.vault.azure.net/secrets/old/6242ea279a88f877ad674cb66c4e89fe","attributes":{"enabled":true,"exp":%d,"created":%d,"updated":%d,"recoveryLevel":"Recoverable+Purgeable","recoverableDays":90},"tags":{"a":"1","b":"2"}}`,
		frozen.Add(-time.Hour).Unix(), frozen.Unix(), frozen.Unix()))
	w.send("PUT", at(kv, "/secrets/my-secret"), admin, `{"value":"changed"}`).into(new(secret))
	w.send("DELETE", at(kv, "/secrets/old"), admin, "").into(new(secret))
	w.send("PUT", at(kv, "/secrets/new"), admin, `{"value":"new"}`).into(new(secret))

	require.NoError(t, w.keyvault.Reset())
	var got secret
	w.send("GET", at(kv, "/secrets/my-secret"), admin, "").into(&got)
	assert.Equal(t, "Hello!", *got.Value)
	w.send("GET", at(kv, "/secrets/old"), admin, "").into(new(secret))
	assert.Equal(t, 404, w.send("GET", at(kv, "/secrets/new"), admin, "").status)
	assert.Equal(t, 404, w.send("GET", at(kv, "/deletedsecrets/old"), admin, "").status)
}

func TestSecretRetention(t *testing.T) {
	w := newVaultWire(t)
	const safe = "https://safe.vault.azure.net"
	var deleted secret
	w.send("DELETE", at(safe, "/secrets/kept"), w.token(w.admin), "").into(&deleted)
	assert.Equal(t, "CustomizedRecoverable", deleted.Attributes.RecoveryLevel)
	assert.Equal(t, 7, deleted.Attributes.RecoverableDays)
	assert.Equal(t, frozen.Add(7*24*time.Hour).Unix(), deleted.ScheduledPurgeDate)
	w.send("DELETE", at(safe, "/deletedsecrets/kept"), w.token(w.admin), "").fails(403, "Forbidden", "",
		`Operation "purge" is not allowed because purge protection is enabled for this vault. Key Vault service will automatically purge it after the retention period has passed. Vault: safe;location=eastus`)
	refused, _ := w.journal.LastRefused()
	assert.Equal(t, "purge-protection", refused.Explanation.Cause)

	w.time = frozen.Add(7*24*time.Hour - time.Second)
	w.send("GET", at(safe, "/deletedsecrets/kept"), w.token(w.admin), "").into(new(secret))
	w.time = frozen.Add(7 * 24 * time.Hour)
	for _, q := range []struct{ method, path string }{
		{"GET", "/deletedsecrets/kept"}, {"POST", "/deletedsecrets/kept/recover"},
	} {
		w.send(q.method, at(safe, q.path), w.token(w.admin), "").fails(404, "SecretNotFound", "", "Deleted Secret not found: kept")
	}
	w.send("GET", at(safe, "/deletedsecrets"), w.token(w.admin), "").is(200, `{"value":[],"nextLink":null}`)
	w.send("PUT", at(safe, "/secrets/kept"), w.token(w.admin), `{"value":"again"}`).into(new(secret))
}

func TestSecretNamesThatAreOperations(t *testing.T) {
	w := newVaultWire(t)
	admin := w.token(w.admin)
	for _, name := range []string{"restore", "versions", "backup", "recover", strings.Repeat("n", 127)} {
		w.send("PUT", at(kv, "/secrets/"+name), admin, `{"value":"v"}`).into(new(secret))
		var got secret
		w.send("GET", at(kv, "/secrets/"+name), admin, "").into(&got)
		assert.Equal(t, "v", *got.Value, name)
		w.send("GET", at(kv, "/secrets/"+name+"/"+got.version()), admin, "").into(new(secret))
		w.send("PATCH", at(kv, "/secrets/"+name), admin, "{}").into(new(secret))
		w.send("POST", at(kv, "/secrets/"+name+"/backup"), admin, "").into(new(struct{}))
		w.send("DELETE", at(kv, "/secrets/"+name), admin, "").into(new(secret))
		w.send("POST", at(kv, "/deletedsecrets/"+name+"/recover"), admin, "").into(new(secret))
	}
}

func TestVaultHeaders(t *testing.T) {
	w := newVaultWire(t)
	want := map[string]string{
		"Cache-Control": "no-cache", "Pragma": "no-cache", "Expires": "-1", "X-Content-Type-Options": "nosniff",
		"Strict-Transport-Security": "max-age=31536000;includeSubDomains", "X-Ms-Keyvault-Region": "eastus",
		"X-Ms-Keyvault-Service-Version": "1.9.3347.1", "Content-Type": "application/json; charset=utf-8",
		"X-Ms-Keyvault-Network-Info": "conn_type=Ipv4;addr=192.0.2.1;act_addr_fam=InterNetwork;",
		"X-Ms-Client-Request-Id":     "mine",
	}
	for path, status := range map[string]int{"/secrets/my-secret": 200, "/secrets/none": 404, "/nothing": 404, "/healthstatus": 200, "/secrets": 200} {
		q := httptest.NewRequestWithContext(t.Context(), "GET", at(kv, path), http.NoBody)
		q.RemoteAddr = "192.0.2.1:1234"
		q.Header.Set("Authorization", "bearer "+w.token(w.admin))
		q.Header.Set("X-Ms-Client-Request-Id", "mine")
		response := w.do(q)
		assert.NoError(t, response.Body.Close())
		assert.Equal(t, status, response.StatusCode, path)
		for name, value := range want {
			assert.Equal(t, []string{value}, response.Header.Values(name), "%s of %s", name, path)
		}
		id := response.Header.Get("X-Ms-Request-Id")
		assert.NoError(t, uuid.Validate(id))
		records := w.journal.Records()
		assert.Equal(t, records[len(records)-1].TraceID, id)
	}
	w.send("GET", kv+"/healthstatus", "", "").is(200, "null")
}
