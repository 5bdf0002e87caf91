package kindsetup

import (
	"archive/tar"
	"bytes"
	"errors"
	"io"
	"os"
	"path/filepath"
	"testing"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"
)

func TestTheArchiveIsTheContainersUsersOwn(t *testing.T) {
	t.Parallel()
	archive, err := pack("/work/here", map[string][]byte{"/etc/kindred/token": []byte("t"), "/state/entra.pem": []byte("key")})
	require.NoError(t, err)
	var names []string
	for r := tar.NewReader(archive); ; {
		h, err := r.Next()
		if errors.Is(err, io.EOF) {
			break
		}
		require.NoError(t, err)
		names = append(names, h.Name)
		assert.Equal(t, []int{userInside, userInside}, []int{h.Uid, h.Gid}, h.Name)
		if h.Typeflag == tar.TypeReg {
			assert.EqualValues(t, 0o600, h.Mode, h.Name)
		}
	}
	assert.Equal(t, []string{"etc/", "etc/kindred/", "state/", "work/here/", "etc/kindred/token", "state/entra.pem"}, names)
}

func TestUnpackWritesIntoItsFolderOnly(t *testing.T) {
	t.Parallel()
	var archive bytes.Buffer
	w := tar.NewWriter(&archive)
	for _, name := range []string{"state/ca.pem", "state/../../../evil.pem"} {
		require.NoError(t, w.WriteHeader(&tar.Header{Typeflag: tar.TypeReg, Name: name, Mode: 0o644, Size: 1}))
		_, err := w.Write([]byte("x"))
		require.NoError(t, err)
	}
	require.NoError(t, w.WriteHeader(&tar.Header{Typeflag: tar.TypeSymlink, Name: "state/link", Linkname: "/etc/passwd"}))
	require.NoError(t, w.Close())
	whole := bytes.Clone(archive.Bytes())

	dir := filepath.Join(t.TempDir(), "a", "state")
	require.NoError(t, unpack(&archive, dir))
	entries, err := os.ReadDir(dir)
	require.NoError(t, err)
	require.Len(t, entries, 2)
	for _, e := range entries {
		info, err := e.Info()
		require.NoError(t, err)
		assert.EqualValues(t, 0o600, info.Mode(), e.Name())
	}
	require.ErrorContains(t, unpack(bytes.NewReader(whole[:1100]), dir), "the emulator's state: unexpected EOF")
}

func TestTheContainerIsMadeAnewWhenWhatItIsMadeOfChanges(t *testing.T) {
	t.Parallel()
	c := func(change func(*container)) string {
		c := &container{
			image: "i", args: []string{"serve"}, dir: "/w", ports: map[string]string{"443": "127.0.0.1:8443"},
			files: map[string][]byte{"/fixture.yaml": []byte("a"), stateInside + "/ca.pem": []byte("b")},
		}
		change(c)
		hash, err := c.hash()
		require.NoError(t, err)
		return hash
	}
	same := c(func(*container) {})
	assert.Equal(t, same, c(func(c *container) { c.files[stateInside+"/ca.pem"] = []byte("other") }), "state is the container's own matter")
	for what, change := range map[string]func(*container){
		"image":   func(c *container) { c.image = "j" },
		"flags":   func(c *container) { c.args = append(c.args, "--strict") },
		"folder":  func(c *container) { c.dir = "/" },
		"fixture": func(c *container) { c.files["/fixture.yaml"] = []byte("b") },
		"port":    func(c *container) { c.ports["443"] = "127.0.0.1:9443" },
	} {
		assert.NotEqual(t, same, c(change), what)
	}
}

func TestAContainerThatRunsIsLeftAlone(t *testing.T) {
	for state, want := range map[string]struct{ detail, last string }{
		"running ": {"running", "container inspect"},
		"exited ":  {"started again", "start test-emulator"},
	} {
		c := &container{engine: &engine{tool: "docker"}, name: "test-emulator"}
		hash, err := c.hash()
		require.NoError(t, err)
		asked := fakeEngine(t, reply{when: "container inspect *", stdout: state + hash}, reply{when: "start *"})
		detail, err := c.up(t.Context())
		require.NoError(t, err)
		assert.Equal(t, want.detail, detail)
		assert.Contains(t, content(t, asked), want.last)
		assert.NotContains(t, content(t, asked), "create")
	}
}

// A run that was killed between the making of the container and its start has left one without files.
func TestAContainerThatWasNeverStartedIsMadeAnew(t *testing.T) {
	c := &container{engine: &engine{tool: "docker", network: "kind"}, name: "test-emulator", image: "i", dir: "/"}
	hash, err := c.hash()
	require.NoError(t, err)
	asked := fakeEngine(t,
		reply{when: "container inspect *", stdout: "created " + hash}, reply{when: "rm *"}, reply{when: "create *"},
		reply{when: "cp *"}, reply{when: "start *"},
	)
	require.NoError(t, c.saveState(t.Context(), t.TempDir()))
	_, err = c.up(t.Context())
	require.NoError(t, err)
	assert.Regexp(t, `(?s)rm --force --volumes test-emulator.*create .*cp - test-emulator:/.*start test-emulator`, content(t, asked))
}

// The engine may go on with what a killed run has asked for after the next one has looked.
func TestAContainerThatCameInBetweenIsMadeAnew(t *testing.T) {
	c := &container{engine: &engine{tool: "docker", network: "kind"}, name: "test-emulator", image: "i", dir: "/"}
	asked := fakeEngine(t,
		reply{when: "container inspect *", stderr: "Error: No such container", status: 1}, reply{when: "rm *"},
		reply{when: "create *", once: true, stderr: `Conflict. The container name "/test-emulator" is already in use by container "2b9e"`, status: 1},
		reply{when: "cp *"}, reply{when: "start *"},
	)
	_, err := c.up(t.Context())
	require.NoError(t, err)
	assert.Regexp(t, `(?s)^container inspect .*create .*rm --force --volumes test-emulator\ncreate .*cp - test-emulator:/\nstart test-emulator\n$`, content(t, asked))
}
