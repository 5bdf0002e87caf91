package main

import (
	"encoding/json"
	"fmt"
	"io"
	"log/slog"
	"runtime/debug"
	"strconv"
	"strings"

	"github.com/spf13/cobra"

	"github.com/kindred-emulator/kindred/emulator"
	"github.com/kindred-emulator/kindred/emulator/control"
	"github.com/kindred-emulator/kindred/emulator/inbound"
)

func (c *cli) serve() *cobra.Command {
	var s setup
	var listen, proxy, api, format string
	var b besides
	cmd := &cobra.Command{
		Use:   "serve",
		Short: "Run the emulator until it is stopped",
		Example: `  kindred serve
  kindred serve --fixture team.yaml --strict
  kindred serve --listen 127.0.0.1:0 --proxy 127.0.0.1:0 --control 127.0.0.1:0 --format json`,
		Args: cobra.NoArgs,
		RunE: func(cmd *cobra.Command, _ []string) error {
			if err := oneOf("format", format, "text", "json"); err != nil {
				return err
			}
			o, err := c.options(&s)
			if err != nil {
				return err
			}
			o.Listen, o.Proxy, o.Control = listen, proxy, api
			if cmd.Flags().Changed("state") {
				o.VaultState = o.Keys.Dir
			}
			if err := b.complete(&o); err != nil {
				return err
			}
			o.Log = slog.New(slog.NewTextHandler(c.stderr, nil))
			e, err := emulator.Start(cmd.Context(), o)
			if err != nil {
				return err
			}
			if o.Published != nil { // who publishes them says to whom
				listen, proxy, api = o.Published.Listen, o.Published.Proxy, o.Published.Control
			}
			c.warnOpen(listen, proxy, api)
			if err := c.ready(e.Info(), format); err != nil {
				return err
			}
			debug.FreeOSMemory() // what reading the fixture took, several times what it holds
			<-cmd.Context().Done()
			return e.Close()
		},
	}
	s.flags(cmd.Flags())
	cmd.Flags().Lookup("state").Usage += "; where it is said, it keeps what vaults hold too"
	listenFlags(cmd.Flags(), &listen, &proxy, &api)
	b.flags(cmd.Flags())
	cmd.Flags().StringVar(&format, "format", "text", "how to say that it is ready: text or json")
	return cmd
}

// warnOpen says which listeners other machines can reach.
func (c *cli) warnOpen(addresses ...string) {
	for _, a := range addresses {
		if a != "" && !inbound.Loopback(a) {
			fmt.Fprintf(c.stderr, "kindred: warning: %s is open to other machines; its secrets and tokens are for tests only\n", a)
		}
	}
}

// ready is the block that serve prints once it answers.
func (c *cli) ready(info control.Info, format string) error {
	if format == "json" {
		return json.NewEncoder(c.stdout).Encode(info)
	}
	row := func(name, value, note string) { fmt.Fprintf(c.stdout, "  %-8s %-45s %s\n", name, value, note) }
	fmt.Fprintf(c.stdout, "kindred %s is ready; Ctrl-C stops it.\n\n", info.Version)
	row("TLS", "https://"+info.Listen, "Entra, issuers and vaults, by host name")
	row("proxy", "http://"+info.Proxy, "HTTPS_PROXY for clients that nobody changed")
	row("control", "http://"+info.Control, "kindred exec, env, token, explain")
	for _, t := range info.Tenants {
		row("tenant", t.ID, t.Domain)
	}
	for _, k := range info.Clusters {
		row("cluster", k.Name, strings.Join(k.ServiceAccounts, ", "))
		fmt.Fprintf(c.stdout, "           %s\n", k.Issuer)
	}
	for _, v := range info.Vaults {
		row("vault", v.URL, "also "+v.Local)
	}
	kept := "the vaults' contents are in memory only (--state DIR keeps them)"
	if info.Kept {
		kept = "the vaults' contents too"
	}
	row("state", stateText(info.State), kept)
	row("seed", strconv.FormatUint(info.Seed, 10), "of faults with a probability; --seed repeats it")
	return next(c.stdout, info)
}

func stateText(dir string) string {
	if dir == "" {
		return "no home directory: keys and certificates are in memory too"
	}
	return dir
}

// next is what to try first.
func next(w io.Writer, info control.Info) error {
	as := ""
	if len(info.Clusters) > 0 && len(info.Clusters[0].ServiceAccounts) > 0 {
		as = " --as " + info.Clusters[0].ServiceAccounts[0]
	}
	at := ""
	if info.Control != defaultControl {
		at = " --control " + info.Control
	}
	_, err := fmt.Fprintf(w, "\nNext, in another terminal:\n  eval \"$(kindred env%s%s)\"    # then run any program written for Azure\n", at, as)
	return err
}
