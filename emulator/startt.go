package emulator

import (
	"context"
	"os"
	"path/filepath"
	"testing"
	"time"

	"github.com/kindred-emulator/kindred/emulator/control"
	"github.com/kindred-emulator/kindred/emulator/environ"
	"github.com/kindred-emulator/kindred/emulator/keys"
	"github.com/kindred-emulator/kindred/emulator/keys/keystest"
)

// StartT starts an emulator for a Go test and points the process's environment at it, so that code
// under test reaches it with nothing changed: Azure's names lead to the emulator, and its
// certificates are trusted. As makes the process a workload. The test's end undoes both.
//
//	e := emulator.StartT(t, emulator.Options{Directory: fixtures.Article().Directory})
//	e.As(t, "default/workload-identity-sa")
//	credential, err := azidentity.NewDefaultAzureCredential(nil)
//
// It is not for parallel tests: a process has one environment. net/http and crypto/x509 read theirs
// once, so StartT must come before the process's first HTTPS request; it says so where it does not.
func StartT(tb testing.TB, o Options) *Emulator {
	tb.Helper()
	p, err := theProcess()
	if err != nil {
		tb.Fatalf("kindred: %v", err)
	}
	if o.Keys.Dir == "" && o.Keys.Generate == nil {
		o.Keys = keystest.Options()
	}
	o.Keys.Authority = p.authority
	files, err := p.trust.Write(tb.TempDir())
	if err != nil {
		tb.Fatalf("kindred: %v", err)
	}
	target := environ.Target{Way: environ.ViaProxy, Proxy: p.address, Trust: files}
	setenv(tb, environ.Reach(target, os.Getenv))
	e, err := start(context.Background(), o, p.outside)
	if err != nil {
		tb.Fatalf("kindred: %v", err)
	}
	e.target = target
	before := p.current.Swap(e)
	tb.Cleanup(func() {
		p.current.Store(before)
		// At once: the clients of a test keep their connections.
		if err := e.abort(); err != nil {
			tb.Errorf("kindred: %v", err)
		}
	})
	if err := p.reached(); err != nil {
		tb.Fatalf("kindred: %v", err)
	}
	return e
}

// As makes the process a workload of the fixture: a service account, [CLUSTER/]NAMESPACE/NAME, or
// the only one there is where it is empty. It sets AZURE_CLIENT_ID, AZURE_TENANT_ID,
// AZURE_AUTHORITY_HOST and AZURE_FEDERATED_TOKEN_FILE, whose token is good for an hour of the
// emulator's clock.
func (e *Emulator) As(tb testing.TB, serviceAccount string) {
	tb.Helper()
	w, err := e.surfaces.Directory.Workload(serviceAccount)
	if err != nil {
		tb.Fatalf("kindred: %v", err)
	}
	t, err := e.Token(w, control.TokenRequest{}, time.Hour)
	if err != nil {
		tb.Fatalf("kindred: %v", err)
	}
	file := filepath.Join(tb.TempDir(), "azure-identity-token")
	if err := keys.WriteFile(file, []byte(t.Token)); err != nil {
		tb.Fatalf("kindred: %v", err)
	}
	setenv(tb, environ.Identity(environ.Workload{
		ClientID: w.ClientID, TenantID: w.TenantID,
		Authority: "https://" + w.Cloud.LoginHost() + "/", TokenFile: file,
	}, e.target))
}

func setenv(tb testing.TB, vars []environ.Variable) {
	tb.Helper()
	for _, v := range vars {
		tb.Setenv(v.Name, v.Value)
	}
}
