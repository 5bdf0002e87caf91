// Package process runs kindred as a process of its own, for what is measured or endured from outside.
package process

import (
	"bufio"
	"context"
	"crypto/tls"
	"crypto/x509"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"net"
	"net/http"
	"net/url"
	"os/exec"
	"strings"
	"syscall"
	"time"

	"github.com/kindred-emulator/kindred/emulator/control"
)

// Process is a program that has said that it is ready.
type Process struct {
	Cmd     *exec.Cmd
	Info    control.Info
	Control *control.Client
	Took    time.Duration // from exec to ready
}

// Kindred starts the program with fixtures, offline, on addresses that are free. Without a --state among
// the flags it keeps no vaults. Its log goes to stderr; nil: nowhere.
func Kindred(ctx context.Context, program string, fixtures []string, stderr io.Writer, flags ...string) (*Process, error) {
	args := []string{"serve", "--format", "json", "--offline", "--listen", "127.0.0.1:0", "--proxy", "127.0.0.1:0", "--control", "127.0.0.1:0"}
	for _, f := range fixtures {
		args = append(args, "--fixture", f)
	}
	return Start(ctx, program, stderr, append(args, flags...)...)
}

// Start starts a program that prints its control.Info when it is ready.
func Start(ctx context.Context, program string, stderr io.Writer, args ...string) (*Process, error) {
	p := &Process{Cmd: exec.CommandContext(ctx, program, args...)}
	p.Cmd.Stderr = stderr
	begin := time.Now()
	out, err := p.Cmd.StdoutPipe()
	if err != nil {
		return nil, err
	}
	if err := p.Cmd.Start(); err != nil {
		return nil, err
	}
	line, err := bufio.NewReader(out).ReadBytes('\n')
	if err = errors.Join(err, json.Unmarshal(line, &p.Info)); err != nil {
		err = errors.Join(err, p.Stop())
		if stderr != nil {
			err = fmt.Errorf("%w\n%s", err, stderr)
		}
		return nil, fmt.Errorf("%s: %w", strings.Join(p.Cmd.Args, " "), err)
	}
	p.Took = time.Since(begin)
	p.Control = control.NewClient(p.Info.Control, "")
	return p, nil
}

// patience is how long a program may take to end after it was asked to.
const patience = time.Minute

var errStays = errors.New("was asked to end and did not")

// Stop asks the program to end, and waits; it kills one that stays. The error says how it ended where
// that was not well.
func (p *Process) Stop() error {
	if err := p.Cmd.Process.Signal(syscall.SIGTERM); err != nil {
		return err
	}
	kill := time.AfterFunc(patience, func() { _ = p.Cmd.Process.Kill() })
	err := p.Cmd.Wait()
	if !kill.Stop() {
		return fmt.Errorf("%s: %w in %v", p.Cmd.Path, errStays, patience)
	}
	return err
}

// Client reaches the process's TLS listener under whatever name a URL has, over HTTP/1.1 as most SDKs do.
func (p *Process) Client(change ...func(*http.Transport)) *http.Client {
	roots := x509.NewCertPool()
	roots.AppendCertsFromPEM([]byte(p.Info.CA))
	t := &http.Transport{
		TLSClientConfig: &tls.Config{RootCAs: roots, MinVersion: tls.VersionTLS12},
		DialContext: func(ctx context.Context, network, _ string) (net.Conn, error) {
			return (&net.Dialer{}).DialContext(ctx, network, p.Info.Listen)
		},
	}
	for _, f := range change {
		f(t)
	}
	return &http.Client{Timeout: time.Minute, Transport: t}
}

// TokenURL is the token endpoint of the first tenant.
func (p *Process) TokenURL() string {
	t := p.Info.Tenants[0]
	return t.Authority + t.ID + "/oauth2/v2.0/token"
}

// Federated is the form of a request for a token for vaults, with a service account's assertion.
func (p *Process) Federated(ctx context.Context, clientID string, of control.TokenRequest) (url.Values, error) {
	t, err := p.Control.Token(ctx, of)
	if err != nil {
		return nil, err
	}
	form := ClientCredentials(clientID)
	form.Set("client_assertion_type", "urn:ietf:params:oauth:client-assertion-type:jwt-bearer")
	form.Set("client_assertion", t.Token)
	return form, nil
}

// ClientCredentials is the form of a request for a token for vaults, but for what proves the client.
func ClientCredentials(clientID string) url.Values {
	return url.Values{
		"grant_type": {"client_credentials"}, "client_id": {clientID}, "scope": {"https://vault.azure.net/.default"},
	}
}
