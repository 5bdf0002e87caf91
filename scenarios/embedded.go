package scenarios

import (
	"bufio"
	"bytes"
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"syscall"

	"github.com/kindred-emulator/kindred/emulator/control"
)

// Embedded runs workloads as local processes against a `kindred serve` of their own, all of them
// programs that are on disk: what is tested is what people run.
type Embedded struct {
	Kindred    string // the program
	Quickstart string // the client
	Work       string // a folder for tokens and state, the caller's to remove

	// Info is what kindred says of itself once it is up.
	Info control.Info

	server  *exec.Cmd
	control *control.Client
	fixture string
}

// Name is the target's.
func (e *Embedded) Name() string { return "embedded" }

// Up starts kindred with a fixture; an empty one is the default.
func (e *Embedded) Up(ctx context.Context, fixture string) error {
	args := []string{
		"serve", "--format", "json", "--offline", "--state", filepath.Join(e.Work, "state"),
		"--listen", "127.0.0.1:0", "--proxy", "127.0.0.1:0", "--control", "127.0.0.1:0",
	}
	e.fixture = fixture
	if fixture != "" {
		args = append(args, "--fixture", fixture)
	}
	var stderr bytes.Buffer
	e.server = exec.CommandContext(ctx, e.Kindred, args...)
	e.server.Stderr = &stderr
	e.server.Cancel = func() error { return e.server.Process.Signal(syscall.SIGTERM) }
	out, err := e.server.StdoutPipe()
	if err != nil {
		return err
	}
	if err := e.server.Start(); err != nil {
		return err
	}
	line, err := bufio.NewReader(out).ReadBytes('\n')
	if err = errors.Join(err, json.Unmarshal(line, &e.Info)); err != nil {
		return fmt.Errorf("kindred serve did not start: %w\n%s", errors.Join(err, e.server.Wait()), stderr.String())
	}
	e.control = control.NewClient(e.Info.Control, "")
	return nil
}

// Down stops kindred, which must end cleanly.
func (e *Embedded) Down() error {
	if err := e.server.Process.Signal(syscall.SIGTERM); err != nil {
		return err
	}
	return e.server.Wait()
}

// Run runs one scenario. The error says how the outcome differs from the expected one.
func (e *Embedded) Run(ctx context.Context, s Scenario) error {
	if err := e.control.Reset(ctx); err != nil {
		return err
	}
	o, err := e.outcome(ctx, s)
	if err == nil {
		err = s.Expect.compare(o)
	}
	if err == nil && s.Expect.Fixed != "" {
		err = mend(ctx, e, e.control, e.fixture, s, o.why)
	}
	return err
}

// outcome runs the scenario's workload.
func (e *Embedded) outcome(ctx context.Context, s Scenario) (outcome, error) {
	file, err := e.token(ctx, s)
	if err != nil {
		return outcome{}, err
	}
	for _, step := range s.Before {
		if err := step.steer(ctx, e.control); err != nil {
			return outcome{}, err
		}
	}
	return e.workload(ctx, s, file), nil
}

func (e *Embedded) once(ctx context.Context, s Scenario) error {
	o, err := e.outcome(ctx, s)
	if err != nil {
		return err
	}
	return s.Expect.compare(o)
}

func (e *Embedded) play(ctx context.Context, fixture string) error {
	if err := e.Down(); err != nil {
		return err
	}
	return e.Up(ctx, fixture)
}

func (e *Embedded) clientID(_ context.Context, s *Scenario, id string) error {
	s.clientID = id
	return nil
}

// newToken has nothing to do: each run signs one.
func (e *Embedded) newToken(context.Context, string) error { return nil }

// token signs the workload's token and leaves it in a file.
func (e *Embedded) token(ctx context.Context, s Scenario) (string, error) {
	t, err := e.control.Token(ctx, s.tokenRequest())
	if err != nil {
		return "", err
	}
	file := filepath.Join(e.Work, "token")
	return file, os.WriteFile(file, []byte(t.Token), 0o600)
}

// workload runs the client as the scenario's service account, with the token in the file.
func (e *Embedded) workload(ctx context.Context, s Scenario, token string) outcome {
	args := []string{"exec", "--control", e.Info.Control, "--as", s.As, "--", "env"}
	if s.Unlabelled {
		for _, name := range []string{"AZURE_CLIENT_ID", "AZURE_TENANT_ID", "AZURE_FEDERATED_TOKEN_FILE", "AZURE_AUTHORITY_HOST"} {
			args = append(args, "-u", name)
		}
	} else {
		args = append(args, "AZURE_FEDERATED_TOKEN_FILE="+token)
	}
	if s.clientID != "" {
		args = append(args, "AZURE_CLIENT_ID="+s.clientID)
	}
	args = append(args, "KEYVAULT_URL="+s.Vault, "SECRET_NAME="+s.Secret, e.Quickstart)
	var stdout, stderr bytes.Buffer
	cmd := exec.CommandContext(ctx, e.Kindred, args...)
	cmd.Stdout, cmd.Stderr = &stdout, &stderr
	err := cmd.Run()
	o := outcome{err: err, stdout: strings.TrimSpace(stdout.String()), stderr: stderr.String()}
	if r, err := e.control.Record(ctx, "last"); err == nil {
		o.why = r.Explanation
	}
	return o
}
