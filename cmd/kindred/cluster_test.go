package main

import (
	"bytes"
	"encoding/json"
	"os"
	"path/filepath"
	"testing"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"
	"sigs.k8s.io/yaml"

	"github.com/kindred-emulator/kindred/emulator/control"
	"github.com/kindred-emulator/kindred/fixtures"
	"github.com/kindred-emulator/kindred/kindsetup"
)

func write(t *testing.T, file, text string) string {
	t.Helper()
	require.NoError(t, os.MkdirAll(filepath.Dir(file), 0o700))
	require.NoError(t, os.WriteFile(file, []byte(text), 0o600))
	return file
}

// recorded is the state folder of a user with a cluster whose control API is at the address.
func recorded(t *testing.T, state, name, address string) {
	t.Helper()
	dir := filepath.Join(state, "clusters", name)
	data, err := json.Marshal(kindsetup.Record{Name: name, Control: address, Issuer: "https://issuer/", Created: true})
	require.NoError(t, err)
	write(t, filepath.Join(dir, "cluster.json"), string(data))
	write(t, filepath.Join(dir, "control-token"), "sesame")
}

func TestClusterUsage(t *testing.T) {
	t.Parallel()
	none := "there is no such cluster of kindred's; `kindred cluster up` makes it"
	for name, c := range map[string]struct {
		args []string
		want string
	}{
		"down of none":      {[]string{"down", "--name", "none"}, none},
		"status of none":    {[]string{"status", "--name", "none"}, none},
		"env of none":       {[]string{"env", "--name", "none"}, none},
		"load into none":    {[]string{"load", "--name", "none", "image:1"}, none},
		"rotation of none":  {[]string{"rotate-keys", "--name", "none"}, none},
		"load of nothing":   {[]string{"load"}, "requires at least 1 arg(s)"},
		"webhook":           {[]string{"up", "--webhook", "maybe"}, `--webhook "maybe": say one of builtin, none`},
		"cluster":           {[]string{"up", "--cluster", "mine"}, "--cluster mine: the fixture declares no such cluster"},
		"name":              {[]string{"up", "--name", "My Cluster"}, `--name "My Cluster": lower-case letters, digits, . and -`},
		"address":           {[]string{"up", "--name", "none", "--proxy", "8444"}, `--proxy "8444": say HOST:PORT`},
		"shell":             {[]string{"env", "--shell", "csh"}, `--shell "csh": say one of`},
		"format":            {[]string{"status", "--format", "xml"}, `--format "xml": say one of text, json`},
		"fixture":           {[]string{"up", "--fixture", "nowhere.yaml"}, "nowhere.yaml"},
		"unknown":           {[]string{"destroy"}, `unknown command "destroy" for "kindred cluster"`},
		"an engine of none": {[]string{"up", "--name", "none"}, "KIND_EXPERIMENTAL_PROVIDER=lxc: say docker, podman or nerdctl"},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			var stdout, stderr bytes.Buffer
			env := environment{[]string{"HOME=" + t.TempDir(), "KIND_EXPERIMENTAL_PROVIDER=lxc"}}
			status := run(t.Context(), append([]string{"cluster"}, c.args...), env, &stdout, &stderr)
			assert.Equal(t, statusUsage, status)
			assert.Contains(t, stderr.String(), c.want)
			assert.Empty(t, stdout.String())
		})
	}
}

func TestClusterWithoutAHome(t *testing.T) {
	t.Parallel()
	var stdout, stderr bytes.Buffer
	assert.Equal(t, statusUsage, run(t.Context(), []string{"cluster", "down"}, environment{}, &stdout, &stderr))
	assert.Contains(t, stderr.String(), "there is no home directory to keep a cluster's keys in; name one with --state DIR")
}

func TestClusterEnv(t *testing.T) {
	t.Parallel()
	state := t.TempDir()
	recorded(t, state, "team", "127.0.0.1:9445")
	r := kindred(t.Context(), "cluster", "env", "--state", state, "--name", "team")
	require.Equal(t, statusDone, r.status, r.stderr)
	assert.Equal(t, "export KINDRED_CONTROL='127.0.0.1:9445'\nexport "+control.TokenVariable+"='sesame'\nexport AKS_OIDC_ISSUER='https://issuer/'\n", r.stdout)
}

func TestStatusIsTheExitStatus(t *testing.T) {
	t.Parallel()
	parts := []kindsetup.Part{{Name: "cluster", Works: true, Detail: "fine"}, {Name: "DNS", Detail: "pods find nothing", Fix: "kindred cluster up"}}
	var out bytes.Buffer
	c := &cli{stdout: &out}
	assert.Equal(t, exitStatus(statusNot), c.printParts(parts, "text"))
	assert.Equal(t, "✓ cluster      fine\n✗ DNS          pods find nothing\n  fix          kindred cluster up\n", out.String())
	out.Reset()
	assert.Equal(t, exitStatus(statusNot), c.printParts(parts, "json"))
	var got []kindsetup.Part
	require.NoError(t, json.Unmarshal(out.Bytes(), &got))
	assert.Equal(t, parts, got)
	require.NoError(t, c.printParts(parts[:1], "text"))
}

// A kindred with a token answers those who have it: from the environment, or as the user of its
// cluster.
func TestTheControlTokenIsFound(t *testing.T) {
	t.Parallel()
	file := write(t, filepath.Join(t.TempDir(), "token"), "sesame\n")
	s := serve(t, "--control-token-file", file)
	ask := func(home string, more ...string) result {
		var stdout, stderr bytes.Buffer
		env := environment{append([]string{"HOME=" + home, "KINDRED_CONTROL=" + s.Control}, more...)}
		status := run(t.Context(), []string{"env"}, env, &stdout, &stderr)
		return result{status, stdout.String(), stderr.String()}
	}
	r := ask(t.TempDir())
	assert.Equal(t, statusUsage, r.status)
	assert.Contains(t, r.stderr, `the control API needs its token: `+control.TokenVariable)
	assert.Equal(t, statusUsage, ask(t.TempDir(), control.TokenVariable+"=wrong").status)

	r = ask(t.TempDir(), control.TokenVariable+"=sesame")
	assert.Equal(t, statusDone, r.status, r.stderr)

	mine := t.TempDir()
	recorded(t, filepath.Join(mine, ".local", "state", "kindred"), "team", s.Control)
	r = ask(mine)
	assert.Equal(t, statusDone, r.status, r.stderr)
}

func TestServeBesideAClusterIsToldRightly(t *testing.T) {
	t.Parallel()
	for name, c := range map[string]struct {
		args []string
		want string
	}{
		"open without a token": {[]string{"--control", "0.0.0.0:0"}, "the control API at 0.0.0.0:0 would be open to other machines: give it a token (--control-token-file)"},
		"no token":             {[]string{"--control-token-file", write(t, filepath.Join(t.TempDir(), "empty"), "\n")}, "empty has no token"},
		"no token file":        {[]string{"--control-token-file", "nowhere"}, "open nowhere"},
		"published":            {[]string{"--published", "a:1,b:2"}, "--published a:1,b:2: say LISTEN,PROXY,CONTROL"},
		"kubeconfig":           {[]string{"--kubeconfig", "nowhere"}, "kubeconfig: open nowhere"},
		"cluster":              {[]string{"--kubeconfig", "nowhere", "--cluster", "x"}, "--cluster x: the fixture declares no such cluster"},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			r := kindred(t.Context(), append([]string{"serve", "--listen", "127.0.0.1:0", "--proxy", "127.0.0.1:0"}, c.args...)...)
			assert.Equal(t, statusUsage, r.status)
			assert.Contains(t, r.stderr, c.want)
		})
	}
}

func TestClientsAreToldThePublishedAddresses(t *testing.T) {
	t.Parallel()
	s := serve(t, "--published", "127.0.0.1:1,127.0.0.1:2,127.0.0.1:3")
	assert.Equal(t, []string{"127.0.0.1:1", "127.0.0.1:2", "127.0.0.1:3"}, []string{s.Listen, s.Proxy, s.Control})
	assert.NotContains(t, s.stop().stderr, "open to other machines")
}

// What `up` prints at its end can be pasted, and is what the tutorial's page and the scenario have.
func TestTheTutorialIsTheSameEverywhere(t *testing.T) {
	t.Parallel()
	f := fixtures.Article()
	var out bytes.Buffer
	require.NoError(t, printTutorial(&out, f.Directory, f.Directory.Clusters[0], &clusterSetup{name: "team"}))
	assert.Contains(t, out.String(), "kubectl's context is kind-team")
	assert.Contains(t, out.String(), "kindred cluster status --name team")

	page, err := os.ReadFile("../../docs/tutorial.md")
	require.NoError(t, err)
	scenario, err := os.ReadFile("../../scenarios/manifests/tutorial.yaml")
	require.NoError(t, err)
	image := []byte("ghcr.io/azure/azure-workload-identity/msal-go")
	want := objects(t, bytes.ReplaceAll(scenario, []byte("localhost/kindred-quickstart:dev"), image))
	assert.Equal(t, want, objects(t, heredocs(out.Bytes())))
	assert.Equal(t, want, objects(t, heredocs(page)))
}

// heredocs are the manifests that a text has the shell apply.
func heredocs(text []byte) []byte {
	var manifests [][]byte
	for {
		_, rest, found := bytes.Cut(text, []byte("<<EOF\n"))
		if !found {
			return bytes.Join(manifests, []byte("\n---\n"))
		}
		manifest, after, _ := bytes.Cut(rest, []byte("\nEOF\n"))
		manifests, text = append(manifests, manifest), after
	}
}

func objects(t *testing.T, manifests []byte) []any {
	t.Helper()
	var all []any
	for _, document := range bytes.Split(manifests, []byte("\n---\n")) {
		var object any
		require.NoError(t, yaml.Unmarshal(document, &object))
		all = append(all, object)
	}
	return all
}
