package kindsetup

import (
	"context"
	"fmt"
	"testing"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"
)

func TestAnEngineThatCannotBeUsed(t *testing.T) {
	for name, c := range map[string]struct {
		replies []reply
		env     []string
		want    string
	}{
		"not answering": {
			replies: []reply{{when: "info *", stderr: "Cannot connect to the Docker daemon at unix:///var/run/docker.sock.", status: 1}},
			want:    "docker is there, but its engine does not answer: start it (Docker Desktop, sudo systemctl start docker, podman machine start)\n  Cannot connect to the Docker daemon at unix:///var/run/docker.sock.",
		},
		"no rights": {
			replies: []reply{{when: "info *", stderr: "permission denied while trying to connect to the Docker daemon socket", status: 1}},
			want:    "you may not use docker's engine: join its group (sudo usermod -aG docker $USER, then log in again), or run it rootless\n  permission denied",
		},
		"little memory": {
			replies: []reply{{when: "info *", stdout: "1000000000"}},
			want:    "the engine has 953 MiB of memory; a node needs 1536: give docker more",
		},
		"a provider kind does not know": {
			env:  []string{"KIND_EXPERIMENTAL_PROVIDER", "lxc"},
			want: "KIND_EXPERIMENTAL_PROVIDER=lxc: say docker, podman or nerdctl",
		},
		"a provider that is not there": {
			env:  []string{"KIND_EXPERIMENTAL_PROVIDER", "podman"},
			want: "KIND_EXPERIMENTAL_PROVIDER=podman, but there is no such program",
		},
	} {
		t.Run(name, func(t *testing.T) {
			fakeEngine(t, c.replies...)
			config, _ := config(t, c.env...)
			err := Up(t.Context(), config)
			require.ErrorContains(t, err, c.want)
			require.ErrorContains(t, Usable(t.Context(), config.Getenv), c.want)
			assert.NoDirExists(t, config.Dir, "nothing is left behind")
		})
	}
}

func TestNoEngine(t *testing.T) {
	t.Setenv("PATH", t.TempDir())
	c, out := config(t)
	err := Up(t.Context(), c)
	require.ErrorContains(t, err, "there is no container engine: install Docker (https://docs.docker.com/engine/install/) or Podman (https://podman.io/docs/installation)")
	assert.Contains(t, out.String(), "✗ engine")
}

func TestAnEngineThatIsStuck(t *testing.T) {
	e := &engine{tool: "docker"}
	err := e.unusable(&toolError{command: "docker info", err: context.DeadlineExceeded})
	require.EqualError(t, err, "docker did not answer within 20s: is its engine stuck? restart it")
}

func TestExistsTellsAbsenceFromFailure(t *testing.T) {
	for stderr, absent := range map[string]bool{
		"Error: No such container: x":                true, // docker
		"Error response from daemon: No such image":  true,
		"Error: network not found":                   true,
		"Error: x: image not known":                  true, // podman
		"Error: unable to find network with name x":  true,
		"Cannot connect to the Docker daemon":        false,
		"permission denied while trying to connect.": false,
	} {
		fakeEngine(t, reply{when: "container inspect x", stderr: stderr, status: 1})
		there, err := (&engine{tool: "docker"}).exists(t.Context(), "container", "x")
		assert.False(t, there, stderr)
		assert.Equal(t, absent, err == nil, stderr)
	}
	fakeEngine(t, reply{when: "container inspect x", stdout: "[{}]"})
	there, err := (&engine{tool: "docker"}).exists(t.Context(), "container", "x")
	require.NoError(t, err)
	assert.True(t, there)
}

func TestTheNodeImage(t *testing.T) {
	const standard = "kindest/node:v" // kind's own begins so
	pull := reply{when: "pull *", stderr: "dial tcp: lookup registry: no such host", status: 1}
	none := reply{when: "image inspect *", stderr: "No such image", status: 1}
	for name, c := range map[string]struct {
		wanted        string
		replies       []reply
		image, note   string
		err, alsoSays string
	}{
		"there":    {wanted: "mine:1", replies: []reply{{when: "image inspect mine:1"}}, image: "mine:1"},
		"pulled":   {wanted: "mine:1", replies: []reply{none, {when: "pull --quiet mine:1"}}, image: "mine:1", note: "pulled"},
		"standard": {replies: []reply{none, pull, {when: "images *", stdout: "kindest/node:v1\nkindest/node:<none>"}}, image: "kindest/node:v1", note: "kind's default cannot be pulled here"},
		"not to be had": {
			wanted: "mine:1", replies: []reply{none, pull, {when: "images *", stdout: "docker.io/kindest/node:v1"}},
			err: "the node image mine:1 is not here and cannot be pulled: docker pull: dial tcp", alsoSays: "--image kindest/node:v1",
		},
		"none at all": {replies: []reply{none, pull, {when: "images *"}}, err: "the node image " + standard, alsoSays: "docker load -i FILE"},
	} {
		t.Run(name, func(t *testing.T) {
			fakeEngine(t, c.replies...)
			image, note, err := (&engine{tool: "docker"}).nodeImage(t.Context(), c.wanted)
			if c.err != "" {
				require.ErrorContains(t, err, c.err)
				require.ErrorContains(t, err, c.alsoSays)
				return
			}
			require.NoError(t, err)
			assert.Equal(t, []string{c.image, c.note}, []string{image, note})
		})
	}
}

func TestToolErrorsAreShort(t *testing.T) {
	err := &toolError{command: "docker run", stderr: "a warning\nthe reason", err: fmt.Errorf("exit status 1")}
	assert.Equal(t, "docker run: the reason", err.Error())
	assert.Equal(t, "docker run: exit status 1", (&toolError{command: "docker run", err: fmt.Errorf("exit status 1")}).Error())
}
