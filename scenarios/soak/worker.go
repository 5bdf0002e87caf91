package main

import (
	"context"
	"encoding/json"
	"fmt"
	"math/rand/v2"
	"net/http"
	"path"
	"strings"
	"time"
)

// worker uses one vault, alone and one request after the other, so that a model knows every answer.
type worker struct {
	*wire
	vaultName string
	random    *rand.Rand
	model     model
}

func newWorker(w *world, number int, seed uint64) *worker {
	return &worker{
		wire: newWire(w, number), vaultName: vaultName(number), model: model{},
		random: rand.New(rand.NewPCG(seed, uint64(number))), //nolint:gosec // repeatable on purpose
	}
}

// run works until a time; then it removes what it has made and hangs up.
func (w *worker) run(ctx context.Context, over time.Time) error {
	defer w.client.CloseIdleConnections()
	if err := w.login(ctx); err != nil {
		return fmt.Errorf("%s: log in: %w", w.vaultName, err)
	}
	for time.Now().Before(over) && ctx.Err() == nil {
		if err := w.step(ctx); err != nil {
			return fmt.Errorf("%s: %w", w.vaultName, err)
		}
	}
	return w.clear(ctx)
}

// step is one operation, drawn at random.
func (w *worker) step(ctx context.Context) error {
	const names = 12
	name := fmt.Sprintf("s%d", w.random.IntN(names))
	operations := []struct {
		weight int
		what   string
		do     func(context.Context, string) error
	}{
		{30, "get", w.get},
		{10, "get a version", w.getVersion},
		{20, "set", w.set},
		{5, "update", w.update},
		{6, "delete", w.remove},
		{3, "get deleted", w.getDeleted},
		{6, "recover", w.recover},
		{3, "purge", w.purge},
		{2, "back up, purge and restore", w.backup},
		{4, "list", w.list},
		{2, "list deleted", w.listDeleted},
		{4, "list versions", w.listVersions},
		{4, "token", w.anyToken},
		{2, "refused read", w.refused},
	}
	sum := 0
	for _, o := range operations {
		sum += o.weight
	}
	n := w.random.IntN(sum)
	for _, o := range operations {
		if n -= o.weight; n < 0 {
			if err := o.do(ctx, name); err != nil {
				return fmt.Errorf("%s %s: %w", o.what, name, err)
			}
			return nil
		}
	}
	return nil
}

// clear deletes and purges all that there is.
func (w *worker) clear(ctx context.Context) error {
	for _, name := range w.model.names(false) {
		if err := w.remove(ctx, name); err != nil {
			return err
		}
	}
	for _, name := range w.model.names(true) {
		if err := w.purge(ctx, name); err != nil {
			return err
		}
	}
	if err := w.list(ctx, ""); err != nil {
		return err
	}
	return w.listDeleted(ctx, "")
}

// bundle is what of a vault's answers is compared.
type bundle struct {
	ID    string `json:"id"`
	Value string `json:"value"`
}

// call makes a request that must have an answer: 200 or 204 where the error is empty, or the error.
func (w *worker) call(ctx context.Context, method, path, body, refusal string) (b bundle, err error) {
	a, err := w.vault(ctx, method, w.vaultName, path, body)
	if err != nil {
		return b, err
	}
	if refusal != "" {
		if a.code() != refusal || a.status < http.StatusBadRequest {
			return b, fmt.Errorf("%d %s was answered, %s must be", a.status, a.body, refusal)
		}
		return b, nil
	}
	switch a.status {
	case http.StatusOK:
		return b, json.Unmarshal(a.body, &b)
	case http.StatusNoContent:
		return b, nil
	}
	return b, fmt.Errorf("%d %s was answered, success must be", a.status, a.body)
}

// expect compares a secret with one of the model's versions.
func (b bundle) expect(v version, value bool) error {
	if got := path.Base(b.ID); got != v.id || value && b.Value != v.value {
		return fmt.Errorf("version %s with %q was answered, %s with %q must be", got, b.Value, v.id, v.value)
	}
	return nil
}

const notFound = "SecretNotFound"

// unless is the error where something is not there.
func unless(there bool) string {
	if there {
		return ""
	}
	return notFound
}

func (w *worker) get(ctx context.Context, name string) error {
	s := w.model.live(name)
	b, err := w.call(ctx, http.MethodGet, "/secrets/"+name, "", unless(s != nil))
	if err != nil || s == nil {
		return err
	}
	return b.expect(s.latest(), true)
}

func (w *worker) getVersion(ctx context.Context, name string) error {
	s := w.model.live(name)
	v := version{id: strings.Repeat("0", 32)}
	if s != nil {
		v = s.versions[w.random.IntN(len(s.versions))]
	}
	b, err := w.call(ctx, http.MethodGet, "/secrets/"+name+"/"+v.id, "", unless(s != nil))
	if err != nil || s == nil {
		return err
	}
	return b.expect(v, true)
}

func (w *worker) set(ctx context.Context, name string) error {
	w.world.writes.Add(1)
	const long = 3000
	v := version{value: strings.Repeat(fmt.Sprintf("%016x", w.random.Uint64()), 1+w.random.IntN(long)/16)}
	body, err := json.Marshal(map[string]string{"value": v.value})
	if err != nil {
		return err
	}
	if w.model.gone(name) != nil {
		_, err := w.call(ctx, http.MethodPut, "/secrets/"+name, string(body), "Conflict")
		return err
	}
	b, err := w.call(ctx, http.MethodPut, "/secrets/"+name, string(body), "")
	if err != nil {
		return err
	}
	v.id = path.Base(b.ID)
	if w.model[name] == nil {
		w.model[name] = &secret{}
	}
	s := w.model[name]
	s.versions = append(s.versions, v)
	return b.expect(v, true)
}

// update changes a secret's tags: its version stays the same.
func (w *worker) update(ctx context.Context, name string) error {
	w.world.writes.Add(1)
	s := w.model.live(name)
	b, err := w.call(ctx, http.MethodPatch, "/secrets/"+name, `{"tags":{"a":"b"}}`, unless(s != nil))
	if err != nil || s == nil {
		return err
	}
	return b.expect(s.latest(), false)
}

func (w *worker) remove(ctx context.Context, name string) error {
	w.world.writes.Add(1)
	s := w.model.live(name)
	b, err := w.call(ctx, http.MethodDelete, "/secrets/"+name, "", unless(s != nil))
	if err != nil || s == nil {
		return err
	}
	s.deleted = true
	return b.expect(s.latest(), false)
}

func (w *worker) getDeleted(ctx context.Context, name string) error {
	s := w.model.gone(name)
	b, err := w.call(ctx, http.MethodGet, "/deletedsecrets/"+name, "", unless(s != nil))
	if err != nil || s == nil {
		return err
	}
	return b.expect(s.latest(), false)
}

func (w *worker) recover(ctx context.Context, name string) error {
	w.world.writes.Add(1)
	s := w.model.gone(name)
	b, err := w.call(ctx, http.MethodPost, "/deletedsecrets/"+name+"/recover", "", unless(s != nil))
	if err != nil || s == nil {
		return err
	}
	s.deleted = false
	return b.expect(s.latest(), false)
}

func (w *worker) purge(ctx context.Context, name string) error {
	w.world.writes.Add(1)
	s := w.model.gone(name)
	_, err := w.call(ctx, http.MethodDelete, "/deletedsecrets/"+name, "", unless(s != nil))
	if err == nil && s != nil {
		delete(w.model, name)
	}
	return err
}

// backup takes a backup, which cannot be restored while the secret is there; then it can, all versions.
func (w *worker) backup(ctx context.Context, name string) error {
	s := w.model.live(name)
	b, err := w.call(ctx, http.MethodPost, "/secrets/"+name+"/backup", "", unless(s != nil))
	if err != nil || s == nil {
		return err
	}
	body := fmt.Sprintf(`{"value":%q}`, b.Value)
	if _, err := w.call(ctx, http.MethodPost, "/secrets/restore", body, "Conflict"); err != nil {
		return err
	}
	if err := w.remove(ctx, name); err != nil {
		return err
	}
	if err := w.purge(ctx, name); err != nil {
		return err
	}
	if b, err = w.call(ctx, http.MethodPost, "/secrets/restore", body, ""); err != nil {
		return err
	}
	s.deleted = false
	w.model[name] = s
	if err := b.expect(s.latest(), false); err != nil {
		return err
	}
	return w.listVersions(ctx, name)
}

func (w *worker) list(ctx context.Context, _ string) error {
	got, err := w.pages(ctx, "/secrets?maxresults=5")
	if err != nil {
		return err
	}
	return same("names", got, w.model.names(false))
}

func (w *worker) listDeleted(ctx context.Context, _ string) error {
	got, err := w.pages(ctx, "/deletedsecrets?maxresults=5")
	if err != nil {
		return err
	}
	return same("deleted names", got, w.model.names(true))
}

func (w *worker) listVersions(ctx context.Context, name string) error {
	var want []string
	if s := w.model.live(name); s != nil {
		want = s.ids()
	}
	got, err := w.pages(ctx, "/secrets/"+name+"/versions?maxresults=5")
	if err != nil {
		return err
	}
	return same("versions", got, want)
}

// pages are the last parts of the ids of all pages of a list.
func (w *worker) pages(ctx context.Context, first string) (ids []string, err error) {
	for next := first; next != ""; {
		a, err := w.vault(ctx, http.MethodGet, w.vaultName, next, "")
		if err != nil {
			return nil, err
		}
		var page struct {
			Value []bundle `json:"value"`
			Next  string   `json:"nextLink"`
		}
		if a.status != http.StatusOK {
			return nil, fmt.Errorf("%d %s was answered to %s", a.status, a.body, next)
		}
		if err := json.Unmarshal(a.body, &page); err != nil {
			return nil, err
		}
		for _, b := range page.Value {
			ids = append(ids, path.Base(b.ID))
		}
		next = page.Next
	}
	return ids, nil
}
