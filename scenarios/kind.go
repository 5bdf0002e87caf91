package scenarios

import (
	"context"
	"crypto/sha256"
	"errors"
	"fmt"
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"sync/atomic"
	"time"

	"github.com/kindred-emulator/kindred/emulator/control"
	"github.com/kindred-emulator/kindred/kindsetup"
)

// Kind runs workloads as pods of a real cluster that `kindred cluster up` made.
type Kind struct {
	Kindred    string // the program
	Quickstart string // the client, a static program
	Files      string // the folder of the scenario files
	Work       string // a folder that outlives an interrupted run, so that the next one can clean up
	Cluster    string // the cluster's name; see ClusterName

	// Info is what kindred says of itself once it is up.
	Info control.Info

	cluster *kindsetup.Cluster
	control *control.Client
	fixture string
	pods    atomic.Int64 // made so far
}

// QuickstartImage is the image of the quick-start client in the cluster.
const QuickstartImage = "localhost/kindred-quickstart:dev"

// Name is the target's.
func (k *Kind) Name() string { return "kind" }

// ClusterName is the name of a cluster of the programs that work in a folder, so that those of another
// checkout, or what one left there, are not in their way.
func ClusterName(program, work string) (string, error) {
	work, err := filepath.Abs(work)
	sum := sha256.Sum256([]byte(work))
	return fmt.Sprintf("kindred-%s-%x", program, sum[:3]), err
}

// SaysNoCluster says whether a `kindred cluster` failed because there is no such cluster.
func SaysNoCluster(err error) bool {
	return strings.Contains(err.Error(), kindsetup.ErrNoCluster.Error())
}

// Up makes a cluster with a fixture; what an interrupted run left is removed first.
func (k *Kind) Up(ctx context.Context, fixture string) error {
	if err := k.Down(); err != nil && !SaysNoCluster(err) {
		return err
	}
	k.fixture = fixture
	if err := k.play(ctx, fixture); err != nil {
		return err
	}
	var err error
	if k.cluster, err = kindsetup.Open(ctx, k.config()); err != nil {
		return err
	}
	token, err := kindsetup.ControlToken(k.config().Dir)
	if err != nil {
		return err
	}
	k.control = control.NewClient(k.cluster.Record.Control, token)
	if k.Info, err = k.control.Info(ctx); err != nil {
		return err
	}
	return errors.Join(k.accounts(ctx), k.LoadProgram(ctx, QuickstartImage, k.Quickstart))
}

// Down removes the cluster.
func (k *Kind) Down() error { return k.command(context.Background(), "down") }

// command runs `kindred cluster`.
func (k *Kind) command(ctx context.Context, name string, args ...string) error {
	args = append([]string{"cluster", name, "--name", k.Cluster, "--state", k.Work}, args...)
	cmd := exec.CommandContext(ctx, k.Kindred, args...)
	cmd.Env = append(os.Environ(), "KUBECONFIG="+filepath.Join(k.Work, k.Cluster+".kubeconfig"))
	if out, err := cmd.CombinedOutput(); err != nil {
		return fmt.Errorf("kindred cluster %s: %w\n%s", name, err, out)
	}
	return nil
}

// ControlToken is the variable of the environment by which programs may steer the cluster's kindred.
func (k *Kind) ControlToken() (string, error) {
	token, err := kindsetup.ControlToken(k.config().Dir)
	return control.TokenVariable + "=" + token, err
}

func (k *Kind) config() kindsetup.Config {
	return kindsetup.Config{Name: k.Cluster, Dir: filepath.Join(k.Work, "clusters", k.Cluster), Getenv: os.Getenv}
}

// LoadProgram makes an image of a static program, which has nothing else in it, and loads it.
func (k *Kind) LoadProgram(ctx context.Context, image, program string) (err error) {
	dir, err := os.MkdirTemp("", "kindred-program-")
	if err != nil {
		return err
	}
	defer func() { err = errors.Join(err, os.RemoveAll(dir)) }()
	data, err := os.ReadFile(program)
	if err != nil {
		return err
	}
	const dockerfile = "FROM scratch\nCOPY program /program\nENTRYPOINT [\"/program\"]\n"
	err = errors.Join(
		os.WriteFile(filepath.Join(dir, "program"), data, 0o755), //nolint:gosec // a program
		os.WriteFile(filepath.Join(dir, "Dockerfile"), []byte(dockerfile), 0o600),
	)
	if err != nil {
		return err
	}
	if err := k.engine(ctx, "build", "--quiet", "--tag", image, dir); err != nil {
		return err
	}
	return k.cluster.LoadImages(ctx, image)
}

// Run runs one scenario. The error says how the outcome differs from the expected one.
func (k *Kind) Run(ctx context.Context, s Scenario) error {
	ctx, cancel := context.WithTimeout(ctx, s.within())
	defer cancel()
	if err := k.ready(ctx); err != nil {
		return err
	}
	return k.once(ctx, s)
}

func (k *Kind) once(ctx context.Context, s Scenario) (err error) {
	w, err := k.workload(ctx, s)
	if err != nil {
		return err
	}
	for _, step := range s.Before {
		if err := k.step(ctx, step, w); err != nil {
			return err
		}
	}
	defer func() { err = errors.Join(err, w.remove(context.WithoutCancel(ctx))) }()
	o, err := w.outcome(ctx)
	if err != nil {
		return err
	}
	if r, err := k.control.Record(ctx, "last"); err == nil {
		o.why = r.Explanation
	}
	if err := s.Expect.compare(o); err != nil {
		return err
	}
	if s.Expect.Fixed != "" {
		return mend(ctx, k, k.control, k.fixture, s, o.why)
	}
	if err := w.fields(ctx, s.Expect.Fields); err != nil {
		return err
	}
	for _, step := range s.While {
		if err := k.step(ctx, step, w); err != nil {
			return fmt.Errorf("%s: %w", step.Do, err)
		}
		if err := w.goesOn(ctx, s.Expect.Output); err != nil {
			return fmt.Errorf("after %s: %w", step.Do, err)
		}
	}
	return nil
}

// within is how long the scenario may take.
func (s Scenario) within() time.Duration {
	if s.Slow {
		return 15 * time.Minute
	}
	return 4 * time.Minute
}

// ready puts kindred back to its beginning; one that a scenario stopped is started again.
func (k *Kind) ready(ctx context.Context) error {
	if _, err := k.cluster.Engine(ctx, "start", k.cluster.EmulatorName()); err != nil {
		return err
	}
	return until(ctx, func() error { return k.control.Reset(ctx) })
}

// until asks again and again until there is no error; the last one when time is up.
func until(ctx context.Context, ask func() error) error {
	ticker := time.NewTicker(100 * time.Millisecond)
	defer ticker.Stop()
	for {
		err := ask()
		if err == nil {
			return nil
		}
		select {
		case <-ctx.Done():
			return err
		case <-ticker.C:
		}
	}
}
