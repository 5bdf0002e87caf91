package main

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"net/http"
	"os/exec"
	"path/filepath"
	"strings"

	"github.com/kindred-emulator/kindred/emulator/control"
	"github.com/kindred-emulator/kindred/scenarios/process"
)

// server is a kindred that keeps its vaults in a folder, and a client of it.
type server struct {
	*process.Process
	client *http.Client
	token  string
	log    process.Log
}

func start(ctx context.Context, program, dir string) (*server, error) {
	s := &server{}
	var err error
	s.Process, err = process.Kindred(ctx, program, []string{filepath.Join(dir, "fixture.yaml")}, &s.log, "--state", filepath.Join(dir, "state"))
	if err != nil {
		return nil, err
	}
	s.client = s.Client()
	if err := s.login(ctx); err != nil {
		return nil, errors.Join(err, s.kill())
	}
	return s, nil
}

// login gets an access token, as the writer.
func (s *server) login(ctx context.Context) error {
	form, err := s.Federated(ctx, "10000000-0000-4000-8000-000000000001", control.TokenRequest{})
	if err != nil {
		return err
	}
	var answer struct {
		Token string `json:"access_token"`
	}
	if _, err := s.do(ctx, http.MethodPost, s.TokenURL(), "application/x-www-form-urlencoded", form.Encode(), &answer); err != nil {
		return err
	}
	s.token = answer.Token
	return nil
}

const vault = "https://kv-crash.vault.azure.net"

func (s *server) set(ctx context.Context, name, value string) error {
	body, err := json.Marshal(map[string]string{"value": value})
	if err != nil {
		return err
	}
	return s.vault(ctx, http.MethodPut, "/secrets/"+name, string(body))
}

// remove deletes a secret and purges it. It is done only when both are answered; what was deleted and not
// yet purged is gone for readers.
func (s *server) remove(ctx context.Context, name string) error {
	if err := s.vault(ctx, http.MethodDelete, "/secrets/"+name, ""); err != nil {
		return err
	}
	return s.vault(ctx, http.MethodDelete, "/deletedsecrets/"+name, "")
}

// get is a secret's value; "" where there is none.
func (s *server) get(ctx context.Context, name string) (string, error) {
	var answer struct {
		Value string `json:"value"`
	}
	status, err := s.do(ctx, http.MethodGet, vault+"/secrets/"+name+"?api-version=7.4", "", "", &answer)
	if status == http.StatusNotFound {
		// One that was deleted when kindred was killed is in the way of the next write.
		_, err = s.do(ctx, http.MethodDelete, vault+"/deletedsecrets/"+name+"?api-version=7.4", "", "", nil)
		var refused *statusError
		if errors.As(err, &refused) {
			err = nil
		}
		return "", err
	}
	return answer.Value, err
}

func (s *server) vault(ctx context.Context, method, path, body string) error {
	_, err := s.do(ctx, method, vault+path+"?api-version=7.4", "application/json", body, nil)
	return err
}

// statusError is an answer that is no success.
type statusError struct {
	status int
	body   string
}

func (e *statusError) Error() string { return fmt.Sprintf("%d %s", e.status, e.body) }

func (s *server) do(ctx context.Context, method, address, kind, body string, answer any) (status int, err error) {
	q, err := http.NewRequestWithContext(ctx, method, address, strings.NewReader(body))
	if err != nil {
		return 0, err
	}
	if kind != "" {
		q.Header.Set("Content-Type", kind)
	}
	if s.token != "" {
		q.Header.Set("Authorization", "Bearer "+s.token)
	}
	r, err := s.client.Do(q)
	if err != nil {
		return 0, err
	}
	data, err := io.ReadAll(r.Body)
	if err = errors.Join(err, r.Body.Close()); err != nil {
		return r.StatusCode, err
	}
	if r.StatusCode >= http.StatusBadRequest {
		return r.StatusCode, &statusError{r.StatusCode, string(data)}
	}
	if answer == nil || len(data) == 0 {
		return r.StatusCode, nil
	}
	return r.StatusCode, json.Unmarshal(data, answer)
}

// kill ends kindred with SIGKILL.
func (s *server) kill() error {
	s.client.CloseIdleConnections()
	if err := s.Cmd.Process.Kill(); err != nil {
		return err
	}
	var exit *exec.ExitError
	if err := s.Cmd.Wait(); !errors.As(err, &exit) || exit.ExitCode() != -1 {
		return fmt.Errorf("it ended by itself: %w", err)
	}
	return nil
}
