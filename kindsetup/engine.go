package kindsetup

import (
	"bytes"
	"context"
	"errors"
	"fmt"
	"io"
	"os/exec"
	"strconv"
	"strings"
	"time"

	"sigs.k8s.io/kind/pkg/cluster"
	"sigs.k8s.io/kind/pkg/log"
)

// engine is the container engine that kind uses, by its command-line tool.
type engine struct {
	tool     string // docker, podman or nerdctl
	provider *cluster.Provider
	network  string // kind's
}

// The variables by which kind lets people choose (https://kind.sigs.k8s.io/docs/user/rootless/).
const (
	providerVariable = "KIND_EXPERIMENTAL_PROVIDER"
	networkSuffix    = "_NETWORK" // of KIND_EXPERIMENTAL_DOCKER_NETWORK, _PODMAN_NETWORK
)

// findEngine follows kind's own choice.
func findEngine(getenv func(string) string, logger log.Logger) (*engine, error) {
	tool := getenv(providerVariable)
	if tool == "" {
		for _, candidate := range []string{"docker", "nerdctl", "podman"} { // kind's order
			if _, err := exec.LookPath(candidate); err == nil {
				tool = candidate
				break
			}
		}
	}
	options := map[string]cluster.ProviderOption{
		"docker": cluster.ProviderWithDocker(), "podman": cluster.ProviderWithPodman(), "nerdctl": cluster.ProviderWithNerdctl(""),
	}
	option, ok := options[tool]
	switch {
	case tool == "":
		return nil, errors.New("there is no container engine: install Docker (https://docs.docker.com/engine/install/) or Podman (https://podman.io/docs/installation)")
	case !ok:
		return nil, fmt.Errorf("%s=%s: say docker, podman or nerdctl", providerVariable, tool)
	}
	network := getenv("KIND_EXPERIMENTAL_" + strings.ToUpper(tool) + networkSuffix)
	if network == "" {
		network = "kind"
	}
	return &engine{tool: tool, provider: cluster.NewProvider(option, cluster.ProviderWithLogger(logger)), network: network}, nil
}

// run runs the tool and gives its standard output; the error has the last line of the other one.
func (e *engine) run(ctx context.Context, args ...string) (string, error) {
	return e.feed(ctx, nil, args...)
}

// feed is run with a standard input.
func (e *engine) feed(ctx context.Context, stdin io.Reader, args ...string) (string, error) {
	cmd := exec.CommandContext(ctx, e.tool, args...)
	var stdout, stderr bytes.Buffer
	cmd.Stdin, cmd.Stdout, cmd.Stderr = stdin, &stdout, &stderr
	if err := cmd.Run(); err != nil {
		if ctx.Err() != nil {
			err = ctx.Err()
		}
		return "", &toolError{command: e.tool + " " + args[0], stderr: strings.TrimSpace(stderr.String()), err: err}
	}
	return strings.TrimSpace(stdout.String()), nil
}

// toolError is a failed command of the engine.
type toolError struct {
	command, stderr string
	err             error
}

func (e *toolError) Error() string {
	lines := strings.Split(e.stderr, "\n")
	if last := lines[len(lines)-1]; last != "" {
		return e.command + ": " + last
	}
	return e.command + ": " + e.err.Error()
}

func (e *toolError) Unwrap() error { return e.err }

const (
	answerWithin = 20 * time.Second
	minMemory    = 1536 << 20
)

// check asks the engine whether it can carry a cluster.
func (e *engine) check(ctx context.Context) error {
	format := "{{.MemTotal}}"
	if e.tool == "podman" {
		format = "{{.Host.MemTotal}}"
	}
	limited, cancel := context.WithTimeout(ctx, answerWithin)
	defer cancel()
	out, err := e.run(limited, "info", "--format", format)
	if err != nil {
		return e.unusable(err)
	}
	if memory, err := strconv.ParseInt(out, 10, 64); err == nil && memory < minMemory {
		return fmt.Errorf("the engine has %d MiB of memory; a node needs %d: give %s more (Docker Desktop: Settings, Resources; podman machine set --memory 4096)",
			memory>>20, minMemory>>20, e.tool)
	}
	return nil
}

// unusable says what to do about an engine that does not answer.
func (e *engine) unusable(err error) error {
	var failed *toolError
	if !errors.As(err, &failed) {
		return err
	}
	switch {
	case errors.Is(err, context.DeadlineExceeded):
		return fmt.Errorf("%s did not answer within %s: is its engine stuck? restart it", e.tool, answerWithin)
	case errors.Is(err, exec.ErrNotFound):
		return fmt.Errorf("%s=%s, but there is no such program", providerVariable, e.tool)
	case strings.Contains(failed.stderr, "permission denied"):
		return fmt.Errorf("you may not use %s's engine: join its group (sudo usermod -aG docker $USER, then log in again), or run it rootless\n  %s", e.tool, failed.stderr)
	default:
		return fmt.Errorf("%s is there, but its engine does not answer: start it (Docker Desktop, sudo systemctl start docker, podman machine start)\n  %s", e.tool, failed.stderr)
	}
}

// exists says whether the engine has an object: container, image, network.
func (e *engine) exists(ctx context.Context, kind, name string) (bool, error) {
	_, err := e.run(ctx, kind, "inspect", name)
	var failed *toolError
	if errors.As(err, &failed) && ctx.Err() == nil {
		text := strings.ToLower(failed.stderr)
		for _, absent := range []string{"no such", "not found", "not known", "unable to find"} {
			if strings.Contains(text, absent) {
				return false, nil
			}
		}
	}
	return err == nil, err
}

// EngineTool is the command-line tool of the engine that kind chooses: docker, podman or nerdctl.
func EngineTool(getenv func(string) string) (string, error) {
	e, err := findEngine(getenv, &kindLog{})
	if err != nil {
		return "", err
	}
	return e.tool, nil
}

// Usable says why no cluster can be made here; nil where one can.
func Usable(ctx context.Context, getenv func(string) string) error {
	e, err := findEngine(getenv, &kindLog{})
	if err != nil {
		return err
	}
	return e.check(ctx)
}
