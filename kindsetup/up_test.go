package kindsetup

import (
	"errors"
	"net"
	"os"
	"path/filepath"
	"testing"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"
)

// errReached says that a run got as far as its keys.
var errReached = errors.New("reached")

func with(first reply, others ...reply) []reply { return append([]reply{first}, others...) }

func TestAContainerThatHasTheName(t *testing.T) {
	c, _ := config(t)
	asked := fakeEngine(t, with(reply{when: "container inspect *", stdout: "/test-emulator"}, ready...)...)
	require.ErrorContains(t, Up(t.Context(), c),
		"there is a container test-emulator that kindred did not make: take another --name, or remove it")
	assert.NotContains(t, content(t, asked), "rm --force", "somebody else's is not touched")
	assert.NoDirExists(t, c.Dir)
}

func TestAPortThatIsTaken(t *testing.T) {
	l, err := net.Listen("tcp", "127.0.0.1:0")
	require.NoError(t, err)
	t.Cleanup(func() { _ = l.Close() })
	fakeEngine(t, ready...)
	c, _ := config(t)
	c.Proxy = l.Addr().String()
	err = Up(t.Context(), c)
	require.ErrorContains(t, err, "bind: address already in use (--proxy takes another address; is a `kindred serve` or another cluster running?)")
	assert.NoDirExists(t, c.Dir)
}

func TestInputThatCannotBeRight(t *testing.T) {
	t.Parallel()
	c, _ := config(t)
	c.Name = "Test_1"
	require.EqualError(t, Up(t.Context(), c), `--name "Test_1": lower-case letters, digits, . and -, at most 50`)
	_, err := Down(t.Context(), c)
	require.ErrorContains(t, err, "--name")
	c.Name, c.Control = "test", "8445"
	require.ErrorContains(t, Up(t.Context(), c), `--control "8445": say HOST:PORT`)
}

func TestTwoAtATime(t *testing.T) {
	c, _ := config(t)
	unlock, err := lock(c.Dir, c.Name)
	require.NoError(t, err)
	require.EqualError(t, Up(t.Context(), c), "another kindred is at work on cluster test")
	unlock()
	fakeEngine(t, reply{when: "info *", stderr: "asked", status: 1})
	require.ErrorContains(t, Up(t.Context(), c), "asked")
}

// A run that was killed has left its record: what it names goes before a new one begins.
func TestAHalfMadeClusterGoes(t *testing.T) {
	c, _ := config(t)
	r := &Record{Name: "test", Image: "localhost/kindred:1", MadeImage: true}
	require.NoError(t, r.save(c.Dir))
	put(t, filepath.Join(c.Dir, saDir, "sa.key"), "old")
	asked := fakeEngine(t, with(reply{when: "rmi localhost/kindred:1"}, with(reply{when: "image inspect kindest/*", stdout: "[]"}, ready...)...)...)
	c.Prepare = func(state string) (*Emulator, error) {
		assert.NoDirExists(t, filepath.Dir(state), "the folder is empty again")
		return nil, errReached
	}
	err := Up(t.Context(), c)
	require.ErrorIs(t, err, errReached)
	require.ErrorContains(t, err, "keys: reached")
	require.ErrorContains(t, err, "what this run made is removed again (--retain keeps it)")
	assert.Regexp(t, `(?s)rmi localhost/kindred:1\n.*image prune --force --filter label=io.kindred.image=localhost/kindred:1\n`, content(t, asked))
	assert.NoDirExists(t, c.Dir)
}

func TestARunThatFailsLeavesNothingUnlessItIsToldTo(t *testing.T) {
	for _, retain := range []bool{false, true} {
		fakeEngine(t, with(reply{when: "image inspect kindest/*", stdout: "[]"}, ready...)...)
		c, _ := config(t)
		c.Retain = retain
		c.Prepare = func(state string) (*Emulator, error) {
			require.NoError(t, os.MkdirAll(state, 0o700))
			return nil, errReached
		}
		require.ErrorIs(t, Up(t.Context(), c), errReached)
		_, err := os.Stat(c.Dir)
		assert.Equal(t, retain, err == nil)
		assert.NoFileExists(t, c.Dir+".lock")
		_, err = os.Stat(filepath.Dir(c.Dir))
		assert.Equal(t, retain, err == nil)
	}
}

func TestARecordThatIsDamagedIsNamed(t *testing.T) {
	fakeEngine(t, ready...)
	c, _ := config(t)
	put(t, filepath.Join(c.Dir, recordFile), "{")
	require.ErrorContains(t, Up(t.Context(), c), filepath.Join(c.Dir, recordFile)+": unexpected end of JSON input")
	assert.FileExists(t, filepath.Join(c.Dir, recordFile))
}

func TestAnotherImageOrIssuerWantsAnotherCluster(t *testing.T) {
	c, _ := config(t)
	put(t, filepath.Join(c.Dir, "x"), "")
	r := &Record{Name: "test", NodeImage: "kindest/node:v1", Issuer: "https://a/", Created: true}
	require.NoError(t, r.save(c.Dir))
	fakeEngine(t, with(reply{when: "ps *", stdout: "test"}, ready...)...)
	c.NodeImage = "kindest/node:v2"
	require.ErrorContains(t, Up(t.Context(), c), "cluster test has kindest/node:v1; for kindest/node:v2 take it down first (kindred cluster down --name test)")

	c.NodeImage = ""
	c.Prepare = func(string) (*Emulator, error) { return &Emulator{Issuer: "https://b/", Cluster: "b"}, nil }
	require.ErrorContains(t, Up(t.Context(), c), "cluster test has the issuer https://a/ and this fixture's cluster b has https://b/; take it down first (kindred cluster down --name test)")
	assert.FileExists(t, filepath.Join(c.Dir, "x"), "a cluster that was there is not rolled back")
}

func TestNoSuchCluster(t *testing.T) {
	fakeEngine(t, ready...)
	c, _ := config(t)
	_, err := Down(t.Context(), c)
	require.ErrorIs(t, err, ErrNoCluster)
	_, err = Status(t.Context(), c)
	require.ErrorIs(t, err, ErrNoCluster)
	_, err = Open(t.Context(), c)
	require.ErrorIs(t, err, ErrNoCluster)
	require.ErrorIs(t, RotateKeys(t.Context(), c, nil), ErrNoCluster)
	assert.NoDirExists(t, filepath.Dir(c.Dir), "looking makes nothing")
}

func TestStatusOfAClusterThatIsGone(t *testing.T) {
	fakeEngine(t, ready...)
	c, _ := config(t)
	require.NoError(t, (&Record{Name: "test", Created: true, Webhook: true}).save(c.Dir))
	parts, err := Status(t.Context(), c)
	require.NoError(t, err)
	require.Len(t, parts, 6)
	assert.Equal(t, Part{Name: "cluster", Detail: "kind knows no cluster test", Fix: "kindred cluster up --name test"}, parts[0])
	assert.Equal(t, "there is no container test-emulator", parts[1].Detail)
	for _, p := range parts {
		assert.False(t, p.Works, p.Name)
		assert.NotEmpty(t, p.Fix, p.Name)
	}
	assert.Equal(t, errNodeDown.Error(), parts[2].Detail)
}
