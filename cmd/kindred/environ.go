package main

import (
	"context"
	"errors"
	"fmt"
	"io"
	"io/fs"
	"os"
	"path/filepath"
	"strings"
	"time"

	"github.com/spf13/cobra"
	"github.com/spf13/pflag"

	"github.com/kindred-emulator/kindred/emulator/control"
	"github.com/kindred-emulator/kindred/emulator/environ"
	"github.com/kindred-emulator/kindred/emulator/keys"
)

// tokenFile has the name that the webhook gives it.
const tokenFile = "azure-identity-token"

// workload is one service account's environment against a running kindred.
type workload struct {
	client  *control.Client
	as      string
	dir     string // holds the token file
	renewIn time.Duration
	vars    []environ.Variable
}

// prepare asks the kindred at the control address for the workload's identity, and writes the token
// file into dir and the trust files beside that kindred's keys, where they serve the next one too.
func (c *cli) prepare(ctx context.Context, api, as, via, dir string) (*workload, error) {
	w := &workload{client: c.client(api), as: as, dir: dir}
	info, err := w.client.Info(ctx)
	if err != nil {
		return nil, err
	}
	identity, err := w.client.Workload(ctx, as)
	if err != nil {
		return nil, err
	}
	if w.renewIn, err = w.renew(ctx); err != nil {
		return nil, err
	}
	trustDir := dir
	if s, err := os.Stat(info.State); err == nil && s.IsDir() { // it may be another machine's, or a container's
		trustDir = info.State
	}
	files, err := c.trustFiles(trustDir, []byte(info.CA))
	if err != nil {
		return nil, err
	}
	hosts := ""
	if info.Offline {
		hosts = filepath.Join(dir, "hosts")
		present, err := os.ReadFile("/etc/hosts")
		if err != nil && !errors.Is(err, fs.ErrNotExist) {
			return nil, err
		}
		if err := keys.WriteFile(hosts, environ.HostsFile(present, info.Names)); err != nil {
			return nil, err
		}
	}
	w.vars = environ.Variables(
		environ.Workload{
			ClientID: identity.ClientID, TenantID: identity.TenantID,
			Authority: identity.Authority, TokenFile: filepath.Join(dir, tokenFile),
		},
		environ.Target{Way: environ.Way(via), Listen: info.Listen, Proxy: info.Proxy, Trust: files, Hosts: hosts},
		c.env.get,
	)
	return w, nil
}

// renew writes a new token and says when to do so again: after 80 % of its life, as the kubelet does
// (https://kubernetes.io/docs/concepts/storage/projected-volumes/#serviceaccounttoken).
func (w *workload) renew(ctx context.Context) (time.Duration, error) {
	const life = time.Hour
	t, err := w.client.Token(ctx, control.TokenRequest{As: w.as, ExpiresIn: life.String()})
	if err != nil {
		return 0, err
	}
	return life * 8 / 10, keys.WriteFile(filepath.Join(w.dir, tokenFile), []byte(t.Token))
}

const shells = "sh, fish, powershell, dotenv"

func shellFlag(f *pflag.FlagSet, shell *string) {
	f.StringVar(shell, "shell", "sh", "the `SYNTAX` to print: "+shells)
}

func oneOfShells(shell string) error { return oneOf("shell", shell, strings.Split(shells, ", ")...) }

func (c *cli) environ() *cobra.Command {
	var api, as, shell, via string
	var s setup
	cmd := &cobra.Command{
		Use:   "env",
		Short: "Print the environment of a workload, for a running kindred",
		Example: `  eval "$(kindred env --as default/workload-identity-sa)"
  kindred env --shell fish | source
  kindred env --shell dotenv > .env`,
		Args: cobra.NoArgs,
		RunE: func(cmd *cobra.Command, _ []string) error {
			if err := oneOfShells(shell); err != nil {
				return err
			}
			if err := oneOf("via", via, string(environ.ViaProxy), string(environ.ViaAuthority)); err != nil {
				return err
			}
			dir, err := c.environDir(&s)
			if err != nil {
				return err
			}
			w, err := c.prepare(cmd.Context(), api, as, via, dir)
			if err != nil {
				return err
			}
			return printVariables(c.stdout, shell, w.vars)
		},
	}
	c.controlFlag(cmd, &api)
	workloadFlags(cmd, &as, &via)
	s.stateFlag(cmd.Flags())
	shellFlag(cmd.Flags(), &shell)
	return cmd
}

// environDir is where env leaves the token and trust files: they must outlive it.
func (c *cli) environDir(s *setup) (string, error) {
	dir := c.stateDir(s)
	if dir == "" {
		dir = filepath.Join(os.TempDir(), "kindred")
	}
	dir = filepath.Join(dir, "env")
	abs, err := filepath.Abs(dir)
	if err != nil {
		return "", err
	}
	return abs, os.MkdirAll(abs, 0o700)
}

func workloadFlags(cmd *cobra.Command, as, via *string) {
	cmd.Flags().StringVar(as, "as", "", "the service account to be, `[CLUSTER/]NAMESPACE/NAME` (default: the only one there is)")
	cmd.Flags().StringVar(via, "via", string(environ.ViaProxy), "how clients get here: `proxy` (nothing changes) or authority (AZURE_AUTHORITY_HOST at kindred)")
}

func printVariables(out io.Writer, shell string, vars []environ.Variable) error {
	var b strings.Builder
	for _, v := range vars {
		switch shell {
		case "fish":
			fmt.Fprintf(&b, "set -gx %s %s;\n", v.Name, quote(v.Value, `\'`, `\\`))
		case "powershell":
			fmt.Fprintf(&b, "$env:%s = %s\n", v.Name, quote(v.Value, `''`, `\`))
		case "dotenv":
			fmt.Fprintf(&b, "%s=%s\n", v.Name, quote(v.Value, `'`, `\`))
		default:
			fmt.Fprintf(&b, "export %s=%s\n", v.Name, quote(v.Value, `'\''`, `\`))
		}
	}
	_, err := io.WriteString(out, b.String())
	return err
}

// quote puts a value in single quotes, with the shell's ways to write a quote and a backslash there.
func quote(value, single, backslash string) string {
	return "'" + strings.NewReplacer("'", single, `\`, backslash).Replace(value) + "'"
}
