// Command crash kills a kindred that keeps its vaults on disk, again and again at random moments while
// clients write, and looks each time whether everything that was answered is there, and nothing half.
// Then it lets the disk run full.
//
//	go run ./scenarios/crash --kindred bin/kindred --times 200
package main

import (
	"context"
	"errors"
	"flag"
	"fmt"
	"math/rand/v2"
	"os"
	"path/filepath"
	"sync"
	"time"

	"github.com/kindred-emulator/kindred/scenarios/command"
)

func main() { command.Main("crash", run) }

func run(ctx context.Context, args []string) error {
	flags := flag.NewFlagSet("crash", flag.ContinueOnError)
	program := flags.String("kindred", "bin/kindred", "the program")
	times := flags.Int("times", 200, "how often it is killed")
	seed := flags.Uint64("seed", uint64(time.Now().UnixNano()), "of the moments")
	fullIn := flags.String("full-in", "", "let the disk at this folder run full (what crash starts itself)")
	if err := flags.Parse(args); err != nil {
		return err
	}
	if *fullIn != "" {
		return fullDiskIn(ctx, *program, *fullIn)
	}
	if err := kills(ctx, *program, *times, *seed); err != nil {
		return err
	}
	return fullDisk(ctx, *program)
}

// kills kills the program so many times.
func kills(ctx context.Context, program string, times int, seed uint64) (err error) {
	dir, err := os.MkdirTemp("", "kindred-crash-")
	if err != nil {
		return err
	}
	defer func() { err = errors.Join(err, os.RemoveAll(dir)) }()
	if err := os.WriteFile(filepath.Join(dir, "fixture.yaml"), []byte(fixture), 0o600); err != nil {
		return err
	}
	fmt.Printf("seed %d\n", seed)
	random := rand.New(rand.NewPCG(seed, 0)) //nolint:gosec // repeatable on purpose
	m := newModel()
	for i := range times {
		s, err := start(ctx, program, dir)
		if err != nil {
			return fmt.Errorf("start %d: %w", i+1, err)
		}
		if err := m.check(ctx, s); err != nil {
			return errors.Join(fmt.Errorf("after %d kills: %w", i, err), s.kill())
		}
		var writers sync.WaitGroup
		for w := range clients {
			writers.Go(func() { m.write(ctx, s, w) })
		}
		time.Sleep(time.Duration(random.IntN(int(longest))))
		err = s.kill()
		writers.Wait()
		if err != nil {
			return err
		}
	}
	s, err := start(ctx, program, dir)
	if err != nil {
		return err
	}
	err = errors.Join(m.check(ctx, s), s.kill())
	if int(m.answered.Load()) < times {
		err = errors.Join(err, errors.New("hardly a write was answered: nothing is shown"))
	}
	fmt.Printf("killed %d times; %d writes were answered, %d secrets are there\n", times, m.answered.Load(), len(m.secrets))
	return err
}

const (
	clients = 4
	longest = 60 * time.Millisecond // that it lives
)

const fixture = `
tenants: [{domain: contoso.onmicrosoft.com}]
clusters: [{name: aks, serviceAccounts: [{name: writer, annotations: {azure.workload.identity/client-id: 10000000-0000-4000-8000-000000000001}}]}]
identities:
  - name: writer
    clientId: 10000000-0000-4000-8000-000000000001
    federatedCredentials: [{name: aks, cluster: aks, subject: "system:serviceaccount:default:writer"}]
vaults: [{name: kv-crash, accessPolicies: [{identity: writer, permissions: {secrets: [all]}}]}]
`
