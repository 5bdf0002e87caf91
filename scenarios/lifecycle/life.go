package main

import (
	"bufio"
	"context"
	"errors"
	"fmt"
	"os"
	"os/exec"
	"path/filepath"
	"strconv"
	"strings"
	"time"

	"github.com/kindred-emulator/kindred/kindsetup"
)

// life is one cluster's, of a user with a home of their own.
type life struct {
	program string
	home    string
	cluster string // its name
}

// command is `kindred cluster`, on ports that nobody else has.
func (l *life) command(ctx context.Context, name, cluster string, flags ...string) *exec.Cmd {
	cmd := exec.CommandContext(ctx, l.program, append([]string{"cluster", name, "--name", cluster}, flags...)...)
	for _, v := range os.Environ() {
		if !strings.HasPrefix(v, "XDG_STATE_HOME=") && !strings.HasPrefix(v, "KUBECONFIG=") {
			cmd.Env = append(cmd.Env, v)
		}
	}
	cmd.Env = append(cmd.Env, "HOME="+l.home)
	return cmd
}

func flagsOf(command string) []string {
	if command != "up" {
		return nil
	}
	return []string{"--offline", "--listen", "127.0.0.1:0", "--proxy", "127.0.0.1:0", "--control", "127.0.0.1:0"}
}

func (l *life) kindred(ctx context.Context, name string) error {
	out, err := l.command(ctx, name, l.cluster, flagsOf(name)...).CombinedOutput()
	if err != nil {
		return fmt.Errorf("%w\n%s", err, out)
	}
	return nil
}

// killed begins `up` and kills it as soon as the step is under way.
func (l *life) killed(ctx context.Context, step string) error {
	cmd := l.command(ctx, "up", l.cluster, flagsOf("up")...)
	steps, err := cmd.StderrPipe()
	if err != nil {
		return err
	}
	if err := cmd.Start(); err != nil {
		return err
	}
	var seen strings.Builder
	lines := bufio.NewScanner(steps)
	lines.Split(scanSteps)
	for lines.Scan() {
		seen.WriteString(lines.Text() + "\n")
		if strings.HasPrefix(lines.Text(), " • "+step+" ") {
			break
		}
	}
	time.Sleep(300 * time.Millisecond) // into the step
	killed := cmd.Process.Kill()
	err = cmd.Wait()
	var exit *exec.ExitError
	if killed == nil && errors.As(err, &exit) && exit.ExitCode() == -1 {
		return nil
	}
	return fmt.Errorf("it ended before that: %w\n%s", errors.Join(killed, err), &seen)
}

// scanSteps splits at the ellipsis too, after which no newline comes until the step is done.
func scanSteps(data []byte, atEOF bool) (advance int, token []byte, err error) {
	const underWay = "…"
	if i := strings.Index(string(data), underWay); i >= 0 && !strings.Contains(string(data[:i]), "\n") {
		return i + len(underWay), data[:i], nil
	}
	return bufio.ScanLines(data, atEOF)
}

func (l *life) open(ctx context.Context) (*kindsetup.Cluster, error) {
	return kindsetup.Open(ctx, kindsetup.Config{
		Name: l.cluster, Dir: filepath.Join(l.home, ".local", "state", "kindred", "clusters", l.cluster), Getenv: os.Getenv,
	})
}

// containers are the cluster's, with the time each was started.
func (l *life) containers(ctx context.Context) (string, error) {
	c, err := l.open(ctx)
	if err != nil {
		return "", err
	}
	return c.Engine(ctx, "container", "inspect", "--format", "{{.Id}} {{.State.StartedAt}}", c.NodeName(), c.EmulatorName())
}

const samplePod = `{apiVersion: v1, kind: Pod, metadata: {generateName: p-, labels: {%s: "true"}}, spec: {containers: [{name: c, image: i}]}}`

// webhookIsFast compares the making of labelled pods with that of others, without running them: the
// median of some.
func (l *life) webhookIsFast(ctx context.Context) error {
	const most, times = 100 * time.Millisecond, 15
	c, err := l.open(ctx)
	if err != nil {
		return err
	}
	median := func(label string) (time.Duration, error) {
		all := make([]string, times)
		for i := range all {
			all[i] = fmt.Sprintf(samplePod, label)
		}
		begin := time.Now()
		_, err := c.Kubectl(ctx, strings.Join(all, "\n---\n"), "create", "--dry-run=server", "--filename=-")
		return time.Since(begin) / times, err
	}
	without, err := median("other")
	if err != nil {
		return err
	}
	with, err := median("azure.workload.identity/use")
	if err != nil {
		return err
	}
	fmt.Printf("  %s for a pod with the webhook, %s without\n", with.Round(time.Millisecond), without.Round(time.Millisecond))
	if with-without > most {
		return fmt.Errorf("the webhook takes more than %s", most)
	}
	return nil
}

// small looks at the size of kindred's image and at the memory of its process.
func (l *life) small(ctx context.Context) error {
	const mostImage, mostMemory = 25 << 20, 40 << 20
	c, err := l.open(ctx)
	if err != nil {
		return err
	}
	image, err := number(c.Engine(ctx, "image", "inspect", "--format", "{{.Size}}", c.Record.Image))
	if err != nil {
		return err
	}
	pid, err := number(c.Engine(ctx, "container", "inspect", "--format", "{{.State.Pid}}", c.EmulatorName()))
	if err != nil {
		return err
	}
	memory, err := resident(pid)
	if err != nil {
		return err
	}
	fmt.Printf("  its image has %.1f MB, its process %.1f MB resident\n", float64(image)/1e6, float64(memory)/1e6)
	if image > mostImage || memory > mostMemory {
		return fmt.Errorf("at most %d and %d MiB", mostImage>>20, mostMemory>>20)
	}
	return nil
}

func number(text string, err error) (int64, error) {
	if err != nil {
		return 0, err
	}
	return strconv.ParseInt(strings.TrimSpace(text), 10, 64)
}

// resident is the memory of a process in bytes; 0 where the engine's processes are in a machine of
// their own.
func resident(pid int64) (int64, error) {
	data, err := os.ReadFile(fmt.Sprintf("/proc/%d/statm", pid))
	if errors.Is(err, os.ErrNotExist) {
		return 0, nil
	}
	if err != nil {
		return 0, err
	}
	pages, err := strconv.ParseInt(strings.Fields(string(data))[1], 10, 64)
	return pages * int64(os.Getpagesize()), err
}

// rights asks the API server what the webhook's user may do.
func (l *life) rights(ctx context.Context) error {
	c, err := l.open(ctx)
	if err != nil {
		return err
	}
	may := func(verb, resource string) bool {
		resource, sub, _ := strings.Cut(resource, "/")
		_, err := c.Kubectl(ctx, "", "auth", "can-i", "--quiet", "--as=kindred-webhook", "--all-namespaces", verb, resource, "--subresource="+sub)
		return err == nil
	}
	if !may("get", "serviceaccounts") {
		return errors.New("it may not get ServiceAccounts")
	}
	for _, verb := range []string{"get", "list", "watch", "create", "update", "patch", "delete"} {
		for _, resource := range []string{"secrets", "configmaps", "pods", "nodes", "serviceaccounts", "serviceaccounts/token", "clusterroles"} {
			if (verb != "get" || resource != "serviceaccounts") && may(verb, resource) {
				return fmt.Errorf("it may %s %s", verb, resource)
			}
		}
	}
	return nil
}

// portTaken wants a second cluster at the first one's ports.
func (l *life) portTaken(ctx context.Context) error {
	c, err := l.open(ctx)
	if err != nil {
		return err
	}
	out, err := l.command(ctx, "up", l.cluster+"-2", "--listen", c.Record.Listen).CombinedOutput()
	if err == nil || !strings.Contains(string(out), "address already in use (--listen takes another address") {
		return fmt.Errorf("it ended with %w\n%s", err, out)
	}
	return nil
}
