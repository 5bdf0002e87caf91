package main

import (
	"bufio"
	"bytes"
	"context"
	"crypto/x509"
	"encoding/base64"
	"encoding/json"
	"encoding/pem"
	"io"
	"net/http"
	"net/url"
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"syscall"
	"testing"
	"time"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"
	"software.sslmate.com/src/go-pkcs12"

	"github.com/kindred-emulator/kindred/emulator/control"
	"github.com/kindred-emulator/kindred/emulator/environ"
	"github.com/kindred-emulator/kindred/emulator/journal"
	"github.com/kindred-emulator/kindred/emulator/keys"
	"github.com/kindred-emulator/kindred/emulator/keys/keystest"
	"github.com/kindred-emulator/kindred/emulator/trust"
)

// home is a place for state that all tests share, so that its keys are made once.
var home string

func TestMain(m *testing.M) {
	if os.Getenv("CHILD_TOKEN") != "" {
		os.Exit(child())
	}
	if os.Getenv("BE_KINDRED") != "" {
		main()
	}
	var err error
	if home, err = os.MkdirTemp("", "kindred-cmd-"); err != nil {
		panic(err)
	}
	// The fixture's keys, so that no test makes RSA keys of its own.
	o := keystest.Options()
	o.Dir = filepath.Join(home, ".local", "state", "kindred")
	if _, err := keys.Open(o, "entra", "cluster-aks-demo-workloadidentity"); err != nil {
		panic(err)
	}
	status := m.Run()
	_ = os.RemoveAll(home)
	os.Exit(status)
}

// child is this test program as the child of `kindred exec`: it sends CHILD_TOKEN to the token
// endpoint, prints the answer and ends with status 3.
func child() int {
	address := os.Getenv("AZURE_AUTHORITY_HOST") + os.Getenv("AZURE_TENANT_ID") + "/oauth2/v2.0/token"
	r, err := http.PostForm(address, url.Values{
		"grant_type": {"client_credentials"}, "client_id": {os.Getenv("AZURE_CLIENT_ID")}, "scope": {"https://vault.azure.net/.default"},
		"client_assertion_type": {"urn:ietf:params:oauth:client-assertion-type:jwt-bearer"}, "client_assertion": {os.Getenv("CHILD_TOKEN")},
	})
	if err != nil {
		panic(err)
	}
	if _, err := io.Copy(os.Stdout, r.Body); err != nil {
		panic(err)
	}
	return 3
}

// result is what a run of the program left.
type result struct {
	status         int
	stdout, stderr string
}

func kindred(ctx context.Context, args ...string) result {
	var stdout, stderr bytes.Buffer
	env := environment{[]string{"HOME=" + home, "PATH=" + os.Getenv("PATH")}}
	status := run(ctx, args, env, &stdout, &stderr)
	return result{status, stdout.String(), stderr.String()}
}

// served is a running `kindred serve`.
type served struct {
	control.Info
	stop func() result
}

func serve(t *testing.T, args ...string) *served {
	t.Helper()
	ctx, cancel := context.WithCancel(context.Background())
	out, in := io.Pipe()
	var stderr bytes.Buffer
	done := make(chan int, 1)
	args = append([]string{"serve", "--format", "json", "--listen", "127.0.0.1:0", "--proxy", "127.0.0.1:0", "--control", "127.0.0.1:0"}, args...)
	go func() {
		status := run(ctx, args, environment{[]string{"HOME=" + home}}, in, &stderr)
		_ = in.Close()
		done <- status
	}()
	s := &served{}
	line, err := bufio.NewReader(out).ReadBytes('\n') // to the end of what is written, or the writer waits
	require.NoError(t, err, "%s", &stderr)
	require.NoError(t, json.Unmarshal(line, &s.Info))
	s.stop = func() result {
		cancel()
		return result{status: <-done, stderr: stderr.String()}
	}
	t.Cleanup(func() { cancel() })
	return s
}

func TestUsage(t *testing.T) {
	t.Parallel()
	for name, c := range map[string]struct {
		args []string
		want string
	}{
		"unknown command":        {[]string{"fly"}, `kindred: unknown command "fly" for "kindred"`},
		"unknown flag":           {[]string{"serve", "--fast"}, "kindred: unknown flag: --fast"},
		"no child":               {[]string{"exec"}, "kindred: requires at least 1 arg(s), only received 0"},
		"unknown shell":          {[]string{"env", "--shell", "csh"}, `kindred: --shell "csh": say one of sh, fish, powershell, dotenv`},
		"unknown way":            {[]string{"exec", "--via", "magic", "--", "true"}, `kindred: --via "magic": say one of proxy, authority`},
		"another's own flag":     {[]string{"exec", "--control", "127.0.0.1:1", "--offline", "--", "true"}, "kindred: --offline is for an emulator that exec starts; the one at --control has its own"},
		"a claim without value":  {[]string{"token", "--claim", "sub"}, `kindred: --claim "sub": say NAME=VALUE`},
		"a fixture not there":    {[]string{"serve", "--fixture", "nowhere.yaml"}, "nowhere.yaml"},
		"two ways to a token":    {[]string{"token", "--fixture", "x.yaml", "--control", "127.0.0.1:1"}, "kindred: --fixture and --control: the kindred at --control has its own fixture"},
		"two records to explain": {[]string{"explain", "--last", "3"}, "kindred: --last, --follow and 3: say one"},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			r := kindred(t.Context(), c.args...)
			assert.Equal(t, statusUsage, r.status)
			assert.Contains(t, r.stderr, c.want)
			assert.Empty(t, r.stdout)
		})
	}
}

func TestVersion(t *testing.T) {
	t.Parallel()
	assert.Equal(t, result{stdout: "kindred dev\n"}, kindred(t.Context(), "version"))
}

func TestServeSaysWhereAndStopsCleanly(t *testing.T) {
	t.Parallel()
	s := serve(t)
	assert.Equal(t, "https://lgurret-demo-aks-wi.vault.azure.net/", s.Vaults[0].URL)
	assert.Equal(t, []string{"default/workload-identity-sa"}, s.Clusters[0].ServiceAccounts)
	_, err := control.NewClient(s.Control, "").Info(t.Context())
	require.NoError(t, err)

	r := s.stop()
	assert.Equal(t, statusDone, r.status, r.stderr)
	_, err = control.NewClient(s.Control, "").Info(context.Background())
	assert.ErrorIs(t, err, control.ErrUnreachable)
}

func TestServeNamesTheAddressThatIsTaken(t *testing.T) {
	t.Parallel()
	s := serve(t)
	r := kindred(t.Context(), "serve", "--listen", s.Listen)
	assert.Equal(t, statusUsage, r.status)
	assert.Contains(t, r.stderr, s.Listen)
	assert.Contains(t, r.stderr, "address already in use (--listen takes another address; port 0 is any free one)")
}

func TestReadyBlock(t *testing.T) {
	t.Parallel()
	var out bytes.Buffer
	c := &cli{stdout: &out}
	require.NoError(t, c.ready(control.Info{
		Version: "1.2.3", Listen: "127.0.0.1:8443", Proxy: "127.0.0.1:8444", Control: defaultControl,
		Tenants:  []control.TenantInfo{{ID: "t", Domain: "contoso.onmicrosoft.com"}},
		Clusters: []control.ClusterInfo{{Name: "aks", Issuer: "https://issuer/", ServiceAccounts: []string{"default/app"}}},
		Vaults:   []control.VaultInfo{{URL: "https://kv.vault.azure.net/", Local: "https://kv.vault.localhost:8443/"}},
	}, "text"))
	for _, want := range []string{
		"kindred 1.2.3 is ready", "https://127.0.0.1:8443", "contoso.onmicrosoft.com", "https://issuer/", "default/app",
		"https://kv.vault.azure.net/", "in memory too", `eval "$(kindred env --as default/app)"`,
	} {
		assert.Contains(t, out.String(), want)
	}
}

func TestStateDir(t *testing.T) {
	t.Parallel()
	for want, c := range map[string]struct {
		flag string
		env  []string
	}{
		"/flag":                         {"/flag", []string{"HOME=/home/me", "XDG_STATE_HOME=/xdg"}},
		"/xdg/kindred":                  {"", []string{"HOME=/home/me", "XDG_STATE_HOME=/xdg"}},
		"/home/me/.local/state/kindred": {"", []string{"HOME=/home/me"}},
		"":                              {"", []string{"HOME=/"}}, // a container without users
	} {
		assert.Equal(t, want, (&cli{env: environment{c.env}}).stateDir(&setup{state: c.flag}))
	}
	assert.Empty(t, (&cli{}).stateDir(&setup{}))
}

func TestWarnsOfOpenListeners(t *testing.T) {
	t.Parallel()
	var stderr bytes.Buffer
	c := &cli{stderr: &stderr}
	c.warnOpen("127.0.0.1:1", "localhost:2", "[::1]:3")
	assert.Empty(t, stderr.String())
	c.warnOpen("0.0.0.0:8443", ":8444")
	assert.Contains(t, stderr.String(), "0.0.0.0:8443 is open to other machines")
	assert.Contains(t, stderr.String(), ":8444 is open to other machines")
}

// claimsOf are the claims of a token, its signature not looked at.
func claimsOf(t *testing.T, token string) map[string]any {
	t.Helper()
	parts := strings.Split(strings.TrimSpace(token), ".")
	require.Len(t, parts, 3, token)
	payload, err := base64.RawURLEncoding.DecodeString(parts[1])
	require.NoError(t, err)
	claims := make(map[string]any)
	require.NoError(t, json.Unmarshal(payload, &claims))
	return claims
}

func TestToken(t *testing.T) {
	t.Parallel()
	s := serve(t)
	r := kindred(t.Context(), "token", "--control", s.Control, "--claim", "sub=other", "--claim", "n=1", "--claim", "jti=null", "--audience", "api://x")
	require.Equal(t, statusDone, r.status, r.stderr)
	claims := claimsOf(t, r.stdout)
	assert.Equal(t, "other", claims["sub"])
	assert.InDelta(t, 1, claims["n"], 0)
	assert.NotContains(t, claims, "jti")
	assert.Equal(t, []any{"api://x"}, claims["aud"])

	r = kindred(t.Context(), "token", "--fixture", filepath.Join("..", "..", "fixtures", "article.yaml"), "--as", "default/workload-identity-sa", "--expires-in", "-5m")
	require.Equal(t, statusDone, r.status, r.stderr)
	claims = claimsOf(t, r.stdout)
	assert.Equal(t, "system:serviceaccount:default:workload-identity-sa", claims["sub"])
	assert.InDelta(t, 3600, claims["exp"].(float64)-claims["iat"].(float64), 0)

	// From a kindred at the default address, if somebody runs one, or signed here.
	r = kindred(t.Context(), "token")
	require.Equal(t, statusDone, r.status, r.stderr)
	assert.Contains(t, claimsOf(t, r.stdout)["sub"], "system:serviceaccount:")

	r = kindred(t.Context(), "token", "--control", s.Control, "--as", "default/nobody")
	assert.Equal(t, statusUsage, r.status)
	assert.Contains(t, r.stderr, `no service account "default/nobody"`)
}

func TestEnvIsWhatAShellReads(t *testing.T) {
	t.Parallel()
	s := serve(t)
	r := kindred(t.Context(), "env", "--control", s.Control)
	require.Equal(t, statusDone, r.status, r.stderr)
	script := r.stdout + "\nprintf '%s\\n' \"$HTTPS_PROXY\" \"$AZURE_AUTHORITY_HOST\" && test -s \"$AZURE_FEDERATED_TOKEN_FILE\" && test -s \"$SSL_CERT_FILE\""
	out, err := exec.CommandContext(t.Context(), "sh", "-c", script).CombinedOutput()
	require.NoError(t, err, "%s", out)
	assert.Equal(t, "http://"+s.Proxy+"\nhttps://login.microsoftonline.com/\n", string(out))

	r = kindred(t.Context(), "env", "--control", s.Control, "--via", "authority", "--shell", "dotenv")
	require.Equal(t, statusDone, r.status, r.stderr)
	assert.Contains(t, r.stdout, "AZURE_AUTHORITY_HOST='https://localhost:")
	assert.NotContains(t, r.stdout, "HTTPS_PROXY")
}

func TestQuoteInEachShell(t *testing.T) {
	t.Parallel()
	for shell, want := range map[string]string{
		"sh":         `export X='it'\''s a \ $HOME'` + "\n",
		"fish":       `set -gx X 'it\'s a \\ $HOME';` + "\n",
		"powershell": `$env:X = 'it''s a \ $HOME'` + "\n",
	} {
		var out bytes.Buffer
		require.NoError(t, printVariables(&out, shell, vars("X", `it's a \ $HOME`)))
		assert.Equal(t, want, out.String(), shell)
	}
}

func TestExecRunsTheChildAsAWorkload(t *testing.T) {
	t.Parallel()
	r := kindred(t.Context(), "exec", "--", "sh", "-c", `test -s "$AZURE_FEDERATED_TOKEN_FILE" && echo "$AZURE_CLIENT_ID"; exit 7`)
	assert.Equal(t, 7, r.status, "the child's own status: %s", r.stderr)
	assert.NotEmpty(t, strings.TrimSpace(r.stdout))

	r = kindred(t.Context(), "exec", "--", "sh", "-c", "kill -9 $$")
	assert.Equal(t, 128+9, r.status)

	r = kindred(t.Context(), "exec", "--", "no-such-program")
	assert.Equal(t, statusUsage, r.status)
	assert.Contains(t, r.stderr, "start no-such-program")
}

func TestExecLeavesSignalsToTheChild(t *testing.T) {
	t.Parallel()
	// exec of a shell that ends with 5 when it is terminated, with 6 when it may read to its end.
	begin := func() (cmd *exec.Cmd, in io.WriteCloser) {
		cmd = exec.CommandContext(t.Context(), os.Args[0], "exec", "--", "sh", "-c", `trap "exit 5" TERM; echo ready; read x; exit 6`)
		cmd.Env = append(os.Environ(), "BE_KINDRED=1", "HOME="+home)
		in, err := cmd.StdinPipe()
		require.NoError(t, err)
		out, err := cmd.StdoutPipe()
		require.NoError(t, err)
		require.NoError(t, cmd.Start())
		line, err := bufio.NewReader(out).ReadString('\n')
		require.NoError(t, err)
		require.Equal(t, "ready\n", line)
		return cmd, in
	}
	cmd, _ := begin()
	require.NoError(t, cmd.Process.Signal(syscall.SIGTERM))
	require.Error(t, cmd.Wait())
	assert.Equal(t, 5, cmd.ProcessState.ExitCode(), "it is passed on")

	cmd, in := begin()
	require.NoError(t, cmd.Process.Signal(os.Interrupt))
	_, err := io.WriteString(in, "\n")
	require.NoError(t, err)
	require.Error(t, cmd.Wait())
	assert.Equal(t, 6, cmd.ProcessState.ExitCode(), "a terminal interrupts the child itself")
}

func TestExecJoinsAndExplains(t *testing.T) {
	t.Parallel()
	s := serve(t)
	token := kindred(t.Context(), "token", "--control", s.Control, "--claim", "sub=system:serviceaccount:default:Workload-Identity-SA")
	require.Equal(t, statusDone, token.status, token.stderr)
	r := kindred(t.Context(), "exec", "--control", s.Control, "--", "env", "CHILD_TOKEN="+strings.TrimSpace(token.stdout), os.Args[0])
	assert.Equal(t, 3, r.status)
	assert.Contains(t, r.stdout, "AADSTS7002138", r.stderr)
	assert.Contains(t, r.stderr, "subject-case", "what was refused is explained")
	assert.NotContains(t, r.stderr, strings.TrimSpace(token.stdout))

	text := kindred(t.Context(), "explain", "--control", s.Control)
	require.Equal(t, statusDone, text.status, text.stderr)
	assert.Contains(t, text.stdout, "✗ POST login.microsoftonline.com")
	assert.Contains(t, text.stdout, "fix ")
	structured := kindred(t.Context(), "explain", "--last", "--control", s.Control, "--format", "json")
	var record struct {
		Explanation struct{ Cause string }
	}
	require.NoError(t, json.Unmarshal([]byte(structured.stdout), &record))
	assert.Equal(t, "subject-case", record.Explanation.Cause)
}

func TestNoKindredAnswers(t *testing.T) {
	t.Parallel()
	s := serve(t)
	s.stop()
	for _, args := range [][]string{{"env"}, {"token"}, {"explain"}} {
		r := kindred(t.Context(), append(args, "--control", s.Control)...)
		assert.Equal(t, statusUsage, r.status)
		assert.Contains(t, r.stderr, "no kindred answers at "+s.Control, args[0])
	}
}

func TestCA(t *testing.T) {
	t.Parallel()
	r := kindred(t.Context(), "ca")
	require.Equal(t, statusDone, r.status, r.stderr)
	block, rest := pem.Decode([]byte(r.stdout))
	require.NotNil(t, block)
	assert.Empty(t, rest)
	certificate, err := x509.ParseCertificate(block.Bytes)
	require.NoError(t, err)
	assert.True(t, certificate.IsCA)

	bundle := kindred(t.Context(), "ca", "--format", "bundle")
	assert.True(t, strings.HasSuffix(bundle.stdout, r.stdout), "the system's roots come first")

	store := kindred(t.Context(), "ca", "--format", "p12")
	certificates, err := pkcs12.DecodeTrustStore([]byte(store.stdout), trust.Password)
	require.NoError(t, err)
	assert.True(t, certificates[len(certificates)-1].Equal(certificate))

	var stderr bytes.Buffer
	assert.Equal(t, statusUsage, run(t.Context(), []string{"ca"}, environment{}, io.Discard, &stderr))
	assert.Contains(t, stderr.String(), "--state DIR", "without a home")
}

func vars(name, value string) []environ.Variable {
	return []environ.Variable{{Name: name, Value: value}}
}

// Refusals are shown as they come, and what was refused before is not.
func TestExplainFollows(t *testing.T) {
	t.Parallel()
	s := serve(t)
	refuse := func(client string) {
		r, err := http.PostForm("https://"+s.Listen, nil)
		_ = r
		require.Error(t, err, client) // this test does not trust kindred: that is the refusal
	}
	refuse("before")
	require.Eventually(t, func() bool {
		_, err := control.NewClient(s.Control, "").Record(t.Context(), "last")
		return err == nil
	}, 5*time.Second, 5*time.Millisecond)

	ctx, cancel := context.WithCancel(t.Context())
	out, in := io.Pipe()
	done := make(chan int, 1)
	go func() {
		done <- run(ctx, []string{"explain", "--follow", "--format", "json", "--control", s.Control}, environment{}, in, io.Discard)
	}()
	records := json.NewDecoder(out)
	go func() {
		ticker := time.NewTicker(20 * time.Millisecond)
		defer ticker.Stop()
		for ctx.Err() == nil { // until one comes after the start of the other
			<-ticker.C
			r, err := http.PostForm("https://"+s.Listen, nil)
			if err == nil {
				_ = r.Body.Close()
			}
		}
	}()
	var r journal.Record
	require.NoError(t, records.Decode(&r))
	assert.Equal(t, "authority-not-trusted", r.Explanation.Cause)
	assert.NotEqual(t, "1", r.ID)
	cancel()
	go func() { _, _ = io.Copy(io.Discard, out) }()
	assert.Equal(t, statusDone, <-done)
}
