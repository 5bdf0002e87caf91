// Command kindred is Azure Workload Identity on a laptop: Microsoft Entra's token endpoint, the
// cluster's OIDC issuer and Azure Key Vault in one process.
package main

import (
	"context"
	"errors"
	"fmt"
	"io"
	"os"
	"os/signal"
	"runtime/debug"
	"strings"
	"syscall"

	"github.com/spf13/cobra"
)

// version is set at build time.
var version = "dev"

// gcPercent lets the heap grow to five times what is alive before it is collected, which is a few
// megabytes: at Go's own 100 a busy vault spends a fifth of its time collecting. GOGC overrides it.
const gcPercent = 400

func main() {
	if os.Getenv("GOGC") == "" {
		debug.SetGCPercent(gcPercent)
	}
	ctx, stop := signal.NotifyContext(context.Background(), os.Interrupt, syscall.SIGTERM)
	context.AfterFunc(ctx, stop) // a second signal ends it at once
	status := run(ctx, os.Args[1:], environment{os.Environ()}, os.Stdout, os.Stderr)
	stop()
	os.Exit(status)
}

// The exit statuses that scripts rely on; exec has its child's own besides.
const (
	statusDone  = 0
	statusNot   = 1 // the thing checked does not hold
	statusUsage = 2 // usage or bad input
)

// run is the whole program.
func run(ctx context.Context, args []string, env environment, stdout, stderr io.Writer) int {
	out := &output{Writer: stdout}
	c := &cli{env: env, stdout: out, stderr: stderr}
	root := c.root()
	root.SetArgs(args)
	root.SetOut(out)
	root.SetErr(stderr)
	err := root.ExecuteContext(ctx)
	if out.err != nil { // what was printed is not whole, whatever it says
		err = out.err
	}
	if err == nil {
		return statusDone
	}
	var status exitStatus
	if errors.As(err, &status) {
		return int(status)
	}
	fmt.Fprintln(stderr, "kindred:", err)
	return statusUsage
}

// output remembers that something could not be printed.
type output struct {
	io.Writer
	err error
}

func (o *output) Write(p []byte) (int, error) {
	n, err := o.Writer.Write(p)
	if err != nil && o.err == nil {
		o.err = err
	}
	return n, err
}

// beneath is the writer that an output writes to, such as a terminal.
func beneath(w io.Writer) io.Writer {
	if o, ok := w.(*output); ok {
		return o.Writer
	}
	return w
}

// exitStatus ends the program without another word.
type exitStatus int

func (s exitStatus) Error() string { return fmt.Sprintf("exit status %d", int(s)) }

// cli is what every command has at hand.
type cli struct {
	env            environment
	stdout, stderr io.Writer
}

func (c *cli) root() *cobra.Command {
	root := &cobra.Command{
		Use:   "kindred",
		Short: "Azure Workload Identity on a laptop",
		Long: `kindred plays Microsoft Entra's token endpoint, a cluster's OIDC issuer and
Azure Key Vault, so that programs written for Azure run offline, unmodified.`,
		Example: `  kindred exec -- python app.py        run a program as the fixture's workload
  kindred serve                        keep one running; then: eval "$(kindred env)"
  kindred check fixture.yaml           do the fixture's checks hold?
  kindred explain --last               why was the last request refused?
  kindred cluster up                   a kind cluster in which manifests for AKS work`,
		SilenceUsage:  true,
		SilenceErrors: true,
	}
	root.CompletionOptions.HiddenDefaultCmd = true
	root.AddCommand(c.serve(), c.exec(), c.environ(), c.token(), c.check(), c.lint(), c.imports(), c.explain(), c.cluster(), c.ca(), c.version())
	return root
}

func (c *cli) version() *cobra.Command {
	return &cobra.Command{
		Use:   "version",
		Short: "Print the version",
		Args:  cobra.NoArgs,
		RunE: func(*cobra.Command, []string) error {
			_, err := fmt.Fprintln(c.stdout, "kindred", version)
			return err
		},
	}
}

// environment is a process's environment, NAME=VALUE.
type environment struct{ list []string }

// get is a variable's value; empty where it is not set.
func (e environment) get(name string) string {
	for i := len(e.list) - 1; i >= 0; i-- {
		if value, ok := strings.CutPrefix(e.list[i], name+"="); ok {
			return value
		}
	}
	return ""
}
