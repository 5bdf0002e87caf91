package emulator

import (
	"fmt"
	"net/url"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/stretchr/testify/assert"
)

func TestSecretPages(t *testing.T) {
	w := newVaultWire(t)
	admin := w.token(w.admin)
	var want []string
	for i := range 57 { // and three seeds
		name := fmt.Sprintf("N-%02d", i)
		w.send("PUT", at(kv, "/secrets/"+name), admin, `{"value":"v","contentType":"c"}`).into(new(secret))
		want = append(want, kv+"/secrets/"+name)
	}
	want = append([]string{kv + "/secrets/my-secret"}, append(want, kv+"/secrets/off", kv+"/secrets/old")...)

	// read follows nextLink to the end; between is done after each page.
	read := func(start string, between func(list)) (ids []string, sizes []int) {
		for next := start; ; {
			var page list
			reply := w.send("GET", next, admin, "")
			reply.into(&page)
			sizes = append(sizes, len(page.Value))
			for _, s := range page.Value {
				ids = append(ids, s.ID)
			}
			if page.NextLink == nil {
				assert.True(t, strings.HasSuffix(reply.body, `,"nextLink":null}`))
				return ids, sizes
			}
			next = *page.NextLink
			between(page)
		}
	}
	ids, sizes := read(at(kv, "/secrets"), func(list) {})
	assert.Equal(t, want, ids)
	assert.Equal(t, []int{25, 25, 10}, sizes)
	_, sizes = read(at(kv, "/secrets", "maxresults=20"), func(list) {})
	assert.Equal(t, []int{20, 20, 20}, sizes, "no empty page at the end")

	var page list
	w.send("GET", at(kv, "/secrets", "maxresults=2"), admin, "").into(&page)
	assert.Regexp(t, `^https://kv\.vault\.azure\.net:443/secrets\?api-version=7\.4&\$skiptoken=[A-Za-z0-9_-]+&maxresults=2$`, *page.NextLink)
	w.send("GET", at("https://kv.vault.localhost:8443", "/secrets"), admin, "").into(&page)
	assert.Contains(t, *page.NextLink, "https://kv.vault.localhost:8443/secrets?")

	// The item that the token points at is deleted between the pages; so the bin fills in pages too.
	ids, _ = read(at(kv, "/secrets"), func(p list) {
		last := p.Value[len(p.Value)-1].ID
		w.send("DELETE", at(last, ""), admin, "").into(new(secret))
	})
	assert.Equal(t, want, ids)
	ids, sizes = read(at(kv, "/deletedsecrets", "maxresults=1"), func(list) {})
	assert.Equal(t, []int{1, 1}, sizes)
	assert.Equal(t, []string{want[24], want[49]}, ids)
	w.send("GET", at(kv, "/deletedsecrets", "maxresults=1"), admin, "").into(&page)
	assert.Equal(t, kv+"/deletedsecrets/N-23", page.Value[0].RecoveryID)

	for i := range 3 {
		w.send("PUT", at(kv, "/secrets/N-00"), admin, fmt.Sprintf(`{"value":"%d"}`, i)).into(new(secret))
	}
	ids, sizes = read(at(kv, "/secrets/n-00/versions", "maxresults=2"), func(list) {})
	assert.Equal(t, []int{2, 2}, sizes)
	assert.IsIncreasing(t, ids)
	assert.Regexp(t, `^https://kv\.vault\.azure\.net/secrets/N-00/[0-9a-f]{32}$`, ids[0])
	w.send("GET", at(kv, "/secrets/none/versions"), admin, "").is(200, `{"value":[],"nextLink":null}`)
}

func TestSecretListItem(t *testing.T) {
	w := newVaultWire(t)
	item := func(id string) string {
		return fmt.Sprintf(`{"value":[{"contentType":"text/plain","id":"%s","attributes":{"enabled":true,"exp":%d,"created":%d,"updated":%d,"recoveryLevel":"Recoverable+Purgeable","recoverableDays":90},"tags":{"a":"1","b":"2"}}],"nextLink":null}`,
			id, frozen.Add(-time.Hour).Unix(), frozen.Unix(), frozen.Unix())
	}
	admin := w.token(w.admin)
	w.send("GET", at(kv, "/secrets", "$skiptoken="+url.QueryEscape("MTpvZmY")), admin, "").is(200, item(kv+"/secrets/old"))
	w.send("GET", at(kv, "/secrets/old/versions"), admin, "").is(200, item(kv+"/secrets/old/6242ea279a88f877ad674cb66c4e89fe"))
	for _, bad := range []string{"maxresults=0", "maxresults=26", "maxresults=x", "maxresults="} {
		w.send("GET", at(kv, "/secrets", bad), admin, "").
			fails(400, "BadParameter", "", "The query parameter maxresults must be a number from 1 to 25.")
	}
	for _, bad := range []string{"", "*", "AAAA", "MTo", "MTpuYW1l"} { // the last is 1:name, for versions
		w.send("GET", at(kv, "/secrets/old/versions", "$skiptoken="+bad), admin, "").
			fails(400, "BadParameter", "", "The query parameter $skiptoken is not one that a nextLink had.")
	}
}

func TestSecretsConcurrently(t *testing.T) {
	w := newVaultWire(t)
	admin, reader := w.token(w.admin), w.token(w.reader)
	const writers, rounds = 4, 10
	var group sync.WaitGroup
	for n := range writers {
		name := fmt.Sprintf("/secrets/own-%d", n)
		group.Go(func() {
			for i := range rounds {
				body := fmt.Sprintf(`{"value":"%d","tags":{"n":"%d"}}`, i, i)
				assert.Equal(t, 200, w.send("PUT", at(kv, "/secrets/shared"), admin, body).status)
				assert.Equal(t, 200, w.send("PATCH", at(kv, "/secrets/shared"), admin, `{"tags":{"x":"y"}}`).status)
				assert.Equal(t, 200, w.send("PUT", at(kv, name), admin, body).status)
				assert.Equal(t, 200, w.send("DELETE", at(kv, name), admin, "").status)
				assert.Equal(t, 204, w.send("DELETE", at(kv, "/deleted"+name[1:]), admin, "").status)
			}
		})
		group.Go(func() {
			for range rounds {
				assert.Contains(t, []int{200, 404}, w.send("GET", at(kv, "/secrets/shared"), reader, "").status)
				assert.Equal(t, 200, w.send("GET", at(kv, "/secrets"), admin, "").status)
				assert.Equal(t, 200, w.send("GET", at(kv, "/deletedsecrets"), admin, "").status)
			}
		})
	}
	group.Wait()
	seen := make(map[string]bool)
	for next := at(kv, "/secrets/shared/versions"); next != ""; {
		var page list
		w.send("GET", next, admin, "").into(&page)
		for _, v := range page.Value {
			seen[v.version()] = true
		}
		next = ""
		if page.NextLink != nil {
			next = *page.NextLink
		}
	}
	assert.Len(t, seen, writers*rounds, "no version is lost")
}
