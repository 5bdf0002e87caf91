package control_test

import (
	"bytes"
	"context"
	"errors"
	"io"
	"net/http"
	"net/http/httptest"
	"strings"
	"testing"
	"time"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"github.com/kindred-emulator/kindred/emulator/apierr"
	"github.com/kindred-emulator/kindred/emulator/clock"
	"github.com/kindred-emulator/kindred/emulator/control"
	"github.com/kindred-emulator/kindred/emulator/directory"
	"github.com/kindred-emulator/kindred/emulator/faults"
	"github.com/kindred-emulator/kindred/emulator/journal"
)

var wall = time.Date(2026, 3, 4, 5, 6, 7, 0, time.UTC)

// api is the control API over a small directory, what it was told, and a client of it.
type api struct {
	*control.Client
	address   string
	journal   *journal.Journal
	clock     *clock.Clock
	rotated   []string
	resets    int
	forgotten int
	asked     control.TokenRequest
}

func newAPI(t testing.TB) *api {
	t.Helper()
	tenant := &directory.Tenant{ID: "tenant-1", Cloud: directory.Clouds()[0]}
	account := &directory.ServiceAccount{Namespace: "default", Name: "app", Annotations: map[string]string{directory.AnnotationClientID: "client-1"}}
	a := &api{journal: &journal.Journal{}, clock: clock.New(func() time.Time { return wall })}
	server := httptest.NewServer(control.New(control.Config{
		Info: control.Info{Version: "test"},
		Directory: directory.New(directory.Contents{
			Tenants:  []*directory.Tenant{tenant},
			Clusters: []*directory.Cluster{{Name: "aks", Tenant: tenant, ServiceAccounts: []*directory.ServiceAccount{account}}},
		}),
		Journal: a.journal,
		Clock:   a.clock,
		Token: func(w *directory.Workload, q control.TokenRequest, lifetime time.Duration) (control.Token, error) {
			a.asked = q
			a.asked.As = w.ServiceAccount.Name
			return control.Token{Token: "signed", Expires: wall.Add(lifetime)}, nil
		},
		Faults: faults.New(1, nil),
		Forget: func() { a.forgotten++ },
		Rotate: func(of string) (bool, error) { a.rotated = append(a.rotated, of); return of == "aks", nil },
		Reset:  func() error { a.resets++; return nil },
	}))
	t.Cleanup(server.Close)
	a.address = strings.TrimPrefix(server.URL, "http://")
	a.Client = control.NewClient(a.address, "")
	return a
}

func TestInfoAndWorkload(t *testing.T) {
	t.Parallel()
	a, ctx := newAPI(t), context.Background()
	info, err := a.Info(ctx)
	require.NoError(t, err)
	assert.Equal(t, "test", info.Version)

	for _, as := range []string{"", "default/app", "aks/default/app"} {
		w, err := a.Workload(ctx, as)
		require.NoError(t, err, as)
		assert.Equal(t, control.Workload{
			Cluster: "aks", Namespace: "default", ServiceAccount: "app", Subject: "system:serviceaccount:default:app",
			ClientID: "client-1", TenantID: "tenant-1", Authority: "https://login.microsoftonline.com/",
		}, w)
	}
	_, err = a.Workload(ctx, "default/nobody")
	assert.EqualError(t, err, `the fixture declares no service account "default/nobody"; it has aks/default/app`)
}

func TestToken(t *testing.T) {
	t.Parallel()
	a, ctx := newAPI(t), context.Background()
	got, err := a.Token(ctx, control.TokenRequest{ExpiresIn: "-5m", Audience: "x", Claims: map[string]any{"sub": "y", "aud": nil}})
	require.NoError(t, err)
	assert.Equal(t, control.Token{Token: "signed", Expires: wall.Add(-5 * time.Minute)}, got)
	assert.Equal(t, control.TokenRequest{As: "app", ExpiresIn: "-5m", Audience: "x", Claims: map[string]any{"sub": "y", "aud": nil}}, a.asked)

	_, err = a.Token(ctx, control.TokenRequest{ExpiresIn: "tomorrow"})
	assert.ErrorContains(t, err, `invalid duration "tomorrow"`)
}

func TestJournal(t *testing.T) {
	t.Parallel()
	a, ctx := newAPI(t), context.Background()
	_, err := a.Record(ctx, "last")
	assert.EqualError(t, err, "nothing was refused so far")

	a.journal.Add(&journal.Record{Route: "token"})
	a.journal.Add(&journal.Record{Route: "token", Error: &journal.Failure{ID: "AADSTS700213"}, Explanation: &apierr.Explanation{Cause: "subject-case"}})
	a.journal.Add(&journal.Record{Route: "get"})
	last, err := a.Record(ctx, "last")
	require.NoError(t, err)
	assert.Equal(t, "2", last.ID)
	assert.Equal(t, "subject-case", last.Explanation.Cause)

	records, err := a.Records(ctx, 0)
	require.NoError(t, err)
	require.Len(t, records, 1, "the refused ones")
	records, err = a.Records(ctx, 2)
	require.NoError(t, err)
	assert.Empty(t, records)

	_, err = a.Record(ctx, "17")
	assert.EqualError(t, err, `the journal has no record "17"; it keeps the last 1000`)
}

func TestClock(t *testing.T) {
	t.Parallel()
	a, ctx := newAPI(t), context.Background()
	s, err := a.SetClock(ctx, control.ClockChange{Freeze: true, Advance: "25h"})
	require.NoError(t, err)
	assert.Equal(t, wall.Add(25*time.Hour), s.Now)
	assert.Equal(t, s.Now, a.clock.Now())
	s, err = a.SetClock(ctx, control.ClockChange{Reset: true})
	require.NoError(t, err)
	assert.Equal(t, wall, s.Now)
	_, err = a.SetClock(ctx, control.ClockChange{Advance: "soon"})
	assert.ErrorContains(t, err, `invalid duration "soon"`)
}

func TestRotateAndReset(t *testing.T) {
	t.Parallel()
	a, ctx := newAPI(t), context.Background()
	require.NoError(t, a.Rotate(ctx, "aks"))
	assert.EqualError(t, a.Rotate(ctx, "other"), `nothing signs as "other"; say entra or the name of a cluster`)
	assert.Equal(t, []string{"aks", "other"}, a.rotated)

	require.NoError(t, a.clock.Advance(time.Hour))
	require.NoError(t, a.Reset(ctx))
	assert.Equal(t, 1, a.resets)
	assert.Equal(t, wall, a.clock.Now())
}

func TestClientNamesWhatAnswers(t *testing.T) {
	t.Parallel()
	ctx := context.Background()
	other := httptest.NewServer(http.NotFoundHandler())
	defer other.Close()
	address := strings.TrimPrefix(other.URL, "http://")
	_, err := control.NewClient(address, "").Info(ctx)
	assert.EqualError(t, err, "what answers at "+address+" is no kindred: 404 Not Found")

	other.Close()
	_, err = control.NewClient(address, "").Info(ctx)
	require.ErrorIs(t, err, control.ErrUnreachable)
	assert.ErrorContains(t, err, address)
}

func TestOtherMachinesAreRefused(t *testing.T) {
	t.Parallel()
	h := control.New(control.Config{})
	for remote, want := range map[string]int{
		"127.0.0.1:1": http.StatusOK, "[::1]:1": http.StatusOK, "192.0.2.1:1": http.StatusForbidden, "[2001:db8::1]:1": http.StatusForbidden, "": http.StatusForbidden,
	} {
		q := httptest.NewRequestWithContext(t.Context(), http.MethodGet, "http://localhost:8445/health", http.NoBody)
		q.RemoteAddr = remote
		rec := httptest.NewRecorder()
		h.ServeHTTP(rec, q)
		assert.Equal(t, want, rec.Code, remote)
	}
}

func TestWebPagesAreRefused(t *testing.T) {
	t.Parallel()
	a := newAPI(t)
	for name, change := range map[string]func(*http.Request){
		"another name that leads here": func(q *http.Request) { q.Host = "attacker.example" },
		"another origin":               func(q *http.Request) { q.Header.Set("Origin", "https://attacker.example") },
		"a browser":                    func(q *http.Request) { q.Header.Set("Sec-Fetch-Site", "cross-site") },
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			q, err := http.NewRequestWithContext(context.Background(), http.MethodPost, "http://"+a.address+"/v1/reset", nil)
			require.NoError(t, err)
			change(q)
			r, err := http.DefaultClient.Do(q)
			require.NoError(t, err)
			require.NoError(t, r.Body.Close())
			assert.Equal(t, http.StatusForbidden, r.StatusCode)
		})
	}
	t.Cleanup(func() { assert.Zero(t, a.resets) })
}

func TestFaults(t *testing.T) {
	t.Parallel()
	a, ctx := newAPI(t), context.Background()
	require.NoError(t, a.Fault(ctx, control.Fault{Surface: "keyvault", Times: 2, Error: "Throttled", RetryAfter: 1, Latency: "200ms"}))
	assert.Zero(t, a.forgotten)
	require.NoError(t, a.Fault(ctx, control.Fault{Surface: "issuer", Keys: "missing"}))
	assert.Equal(t, 1, a.forgotten, "what is cached of issuers would hide it")

	r, err := http.Get("http://" + a.address + "/v1/faults")
	require.NoError(t, err)
	body, err := io.ReadAll(r.Body)
	require.NoError(t, errors.Join(err, r.Body.Close()))
	assert.JSONEq(t, `[{"surface":"keyvault","times":2,"error":"Throttled","retryAfter":1,"latency":"200ms"},{"surface":"issuer","keys":"missing"}]`, string(body))

	require.EqualError(t, a.Fault(ctx, control.Fault{Surface: "entra"}), "it has no effect: give error, latency, drop, keys or tokenLifetime")
	require.ErrorContains(t, a.Fault(ctx, control.Fault{Surface: "entra", Latency: "soon"}), `latency: time: invalid duration "soon"`)
	require.ErrorContains(t, a.Fault(ctx, control.Fault{Surface: "entra", TokenLifetime: "soon"}), "tokenLifetime: time:")
}

// A client that never asks for a token is refused by nobody, and explained still.
func TestAClientThatNeverAsks(t *testing.T) {
	t.Parallel()
	a, ctx := newAPI(t), context.Background()
	challenge := journal.Record{Host: "kv1.vault.azure.net", Challenge: true, Error: &journal.Failure{ID: "Unauthorized"}}
	a.journal.Add(&challenge)
	r, err := a.Record(ctx, "last")
	require.NoError(t, err)
	assert.Equal(t, "token-never-asked", r.Explanation.Cause)
	assert.True(t, r.Refused())
	assert.Contains(t, r.Explanation.Evidence[0], "kv1.vault.azure.net")

	a.journal.Add(&journal.Record{Surface: "entra", Route: "token", Error: &journal.Failure{ID: "AADSTS700213"}, Explanation: &apierr.Explanation{Cause: "subject-case"}})
	r, err = a.Record(ctx, "last")
	require.NoError(t, err)
	assert.Equal(t, "subject-case", r.Explanation.Cause)

	again := challenge
	a.journal.Add(&again)
	r, err = a.Record(ctx, "last")
	require.NoError(t, err)
	assert.Equal(t, "token-never-asked", r.Explanation.Cause, "newer than the refusal")
}

// Whatever a body holds, the API takes it or says what is wrong with it.
func FuzzBody(f *testing.F) {
	for path, body := range map[string]string{
		"POST /v1/tokens": `{"as":"default/app","audience":"x","expiresIn":"-1h","claims":{"sub":null},"alg":"none","key":"foreign"}`,
		"PUT /v1/clock":   `{"advance":"9223372036854775807ns","freeze":true,"reset":true,"resume":true}`,
		"POST /v1/faults": `{"surface":"keyvault","times":1,"probability":0.5,"error":"Throttled","latency":"1h","retryAfter":-1}`,
	} {
		method, path, _ := strings.Cut(path, " ")
		f.Add(method, path, []byte(body))
	}
	a := newAPI(f)
	f.Fuzz(func(t *testing.T, method, path string, body []byte) {
		if !strings.HasPrefix(path, "/v1/") {
			return
		}
		q, err := http.NewRequestWithContext(t.Context(), method, "http://"+a.address+path, bytes.NewReader(body))
		if err != nil {
			return
		}
		q.Header.Set("Content-Type", "application/json")
		r, err := http.DefaultTransport.RoundTrip(q)
		if err != nil {
			return // no request that a client would send
		}
		require.NoError(t, r.Body.Close())
		assert.Less(t, r.StatusCode, http.StatusInternalServerError)
	})
}
