// Command lifecycle makes a cluster, kills `kindred cluster up` with SIGKILL in each of its steps, goes
// on after each, looks at the whole, takes it down, and compares the machine with what it was before.
//
//	go run ./scenarios/lifecycle --kindred bin/kindred
package main

import (
	"context"
	"errors"
	"flag"
	"fmt"
	"os"
	"path/filepath"
	"time"

	"github.com/kindred-emulator/kindred/kindsetup"
	"github.com/kindred-emulator/kindred/scenarios"
	"github.com/kindred-emulator/kindred/scenarios/command"
)

func main() { command.Main("lifecycle", run) }

func run(ctx context.Context, args []string) (err error) {
	flags := flag.NewFlagSet("lifecycle", flag.ContinueOnError)
	program := flags.String("kindred", "bin/kindred", "the program")
	work := flags.String("work", ".cache/lifecycle", "the user's home while it lasts, by which the next run finds what an interrupted one left")
	required := flags.Bool("required", false, "fail where there is no container engine")
	if err := flags.Parse(args); err != nil {
		return err
	}
	if err := kindsetup.Usable(ctx, os.Getenv); err != nil {
		if *required {
			return err
		}
		fmt.Printf("– not run: %v\n", err)
		return nil
	}
	l, err := begin(ctx, *program, *work)
	if err != nil {
		return err
	}
	defer func() { err = errors.Join(err, os.RemoveAll(l.home)) }()
	before, err := l.machine(ctx)
	if err != nil {
		return err
	}
	if err := l.live(ctx); err != nil {
		return errors.Join(err, l.kindred(context.WithoutCancel(ctx), "down"))
	}
	after, err := l.machine(ctx)
	if err != nil {
		return err
	}
	return report("the machine is as it was before", before.compare(after))
}

// begin is a life in a home with nothing but a kubeconfig; what an interrupted run left is removed.
func begin(ctx context.Context, program, work string) (*life, error) {
	home, err := filepath.Abs(work)
	if err != nil {
		return nil, err
	}
	cluster, err := scenarios.ClusterName("lifecycle", home)
	if err != nil {
		return nil, err
	}
	l := &life{program: program, home: home, cluster: cluster}
	if err := l.kindred(ctx, "down"); err != nil && !scenarios.SaysNoCluster(err) {
		return nil, err
	}
	return l, errors.Join(os.RemoveAll(home), l.plantKubeconfig())
}

// live is the life of the cluster, from its first step to its end.
func (l *life) live(ctx context.Context) error {
	for _, step := range []string{"keys", "image", "cluster", "emulator", "DNS", "webhook", "wait"} {
		if err := report("killed in the step "+step, l.killed(ctx, step)); err != nil {
			return err
		}
	}
	for _, c := range []struct {
		name  string
		check func(context.Context) error
	}{
		{"up after all of that", l.up},
		{"a second up changes nothing", l.upAgain},
		{"status finds that everything works", func(ctx context.Context) error { return l.kindred(ctx, "status") }},
		{"pods start as fast with the webhook", l.webhookIsFast},
		{"the emulator is small", l.small},
		{"the webhook's user may read ServiceAccounts and nothing else", l.rights},
		{"another cluster wants other ports, and leaves nothing", l.portTaken},
		{"down", func(ctx context.Context) error { return l.kindred(ctx, "down") }},
	} {
		if err := report(c.name, c.check(ctx)); err != nil {
			return err
		}
	}
	return nil
}

func report(name string, err error) error {
	if err != nil {
		fmt.Printf("✗ %s\n", name)
		return fmt.Errorf("%s: %w", name, err)
	}
	fmt.Printf("✓ %s\n", name)
	return nil
}

// plantKubeconfig is a user's own file, with a comment that a YAML library would lose.
func (l *life) plantKubeconfig() error {
	file := filepath.Join(l.home, ".kube", "config")
	err := os.MkdirAll(filepath.Dir(file), 0o700)
	if err == nil {
		err = os.WriteFile(file, []byte("# mine\napiVersion: v1\nkind: Config\ncurrent-context: work\ncontexts: []\n"), 0o600)
	}
	return err
}

// up makes the cluster.
func (l *life) up(ctx context.Context) error { return l.kindred(ctx, "up") }

// upAgain must find everything as it should be.
func (l *life) upAgain(ctx context.Context) error {
	before, err := l.containers(ctx)
	if err != nil {
		return err
	}
	begin := time.Now()
	if err := l.up(ctx); err != nil {
		return err
	}
	fmt.Printf("  it took %s\n", time.Since(begin).Round(100*time.Millisecond))
	after, err := l.containers(ctx)
	if err == nil && before != after {
		err = fmt.Errorf("the containers were\n%s\nand are\n%s", before, after)
	}
	return err
}
