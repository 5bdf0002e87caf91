package main

import (
	"context"
	"errors"
	"fmt"
	"io"
	"os"
	"strconv"
	"strings"
	"time"

	"github.com/mattn/go-isatty"
	"github.com/spf13/cobra"

	"github.com/kindred-emulator/kindred/emulator/apierr"
	"github.com/kindred-emulator/kindred/emulator/control"
	"github.com/kindred-emulator/kindred/emulator/journal"
)

func (c *cli) explain() *cobra.Command {
	var api, format string
	var last, follow bool
	cmd := &cobra.Command{
		Use:   "explain [--last | ID | --follow]",
		Short: "Say why a request to a running kindred was refused, and the fix",
		Example: `  kindred explain --last
  kindred explain 17 --format json
  kindred explain --follow         refusals from now on, until it is stopped`,
		Args: cobra.MaximumNArgs(1),
		RunE: func(cmd *cobra.Command, args []string) error {
			if err := oneOf("format", format, "text", "json"); err != nil {
				return err
			}
			id := "last"
			switch {
			case len(args) == 1 && (last || follow):
				return fmt.Errorf("--last, --follow and %s: say one", args[0])
			case last && follow:
				return errors.New("--last and --follow: say one")
			case follow:
				return c.follow(cmd.Context(), c.client(api), format)
			case len(args) == 1:
				id = args[0]
			}
			r, err := c.client(api).Record(cmd.Context(), id)
			if err != nil {
				return err
			}
			return c.writeRecord(r, format)
		},
	}
	cmd.Flags().BoolVar(&follow, "follow", false, "every refusal from now on, until it is stopped; with --format json an object each")
	c.controlFlag(cmd, &api)
	cmd.Flags().BoolVar(&last, "last", false, "the newest refusal (the default)")
	cmd.Flags().StringVar(&format, "format", "text", "text or json")
	return cmd
}

func (c *cli) writeRecord(r journal.Record, format string) error {
	if format == "json" {
		return writeJSON(c.stdout, r)
	}
	printRecord(c.stdout, r, c.colour(c.stdout))
	return nil
}

// follow shows refusals as they come, until the context ends.
func (c *cli) follow(ctx context.Context, client *control.Client, format string) error {
	const every = 300 * time.Millisecond
	last, err := newest(ctx, client)
	if err != nil {
		return err
	}
	ticker := time.NewTicker(every)
	defer ticker.Stop()
	for {
		select {
		case <-ctx.Done():
			return nil
		case <-ticker.C:
		}
		records, err := client.Records(ctx, last)
		if ctx.Err() != nil {
			return nil
		}
		if err != nil {
			return err
		}
		for _, r := range records {
			if err := c.writeRecord(r, format); err != nil {
				return err
			}
			fmt.Fprintln(c.stdout)
			if last, err = strconv.Atoi(r.ID); err != nil {
				return err
			}
		}
	}
}

// newest is the id of the newest refusal so far, 0 where there is none.
func newest(ctx context.Context, client *control.Client) (int, error) {
	records, err := client.Records(ctx, 0)
	if err != nil || len(records) == 0 {
		return 0, err
	}
	return strconv.Atoi(records[len(records)-1].ID)
}

// painter writes a line's head in colour, or plainly.
type painter func(s string) string

func plain(s string) string { return s }
func red(s string) string   { return "\x1b[31m" + s + "\x1b[0m" }

// colour paints on a terminal, unless NO_COLOR is set (https://no-color.org).
func (c *cli) colour(w io.Writer) painter {
	if c.env.get("NO_COLOR") == "" && isTerminal(w) {
		return red
	}
	return plain
}

func isTerminal(w io.Writer) bool {
	f, ok := beneath(w).(*os.File)
	return ok && isatty.IsTerminal(f.Fd())
}

// printRecord shows one exchange to people.
func printRecord(w io.Writer, r journal.Record, paint painter) {
	if !r.Refused() {
		fmt.Fprintf(w, "✓ %s %s%s was answered with %d.\n", r.Method, r.Host, r.Path, r.Status)
	} else {
		status := ""
		if r.Status != 0 { // 0: no request ever arrived
			status = fmt.Sprintf(" (%d)", r.Status)
		}
		fmt.Fprintf(w, "%s %s %s%s was refused: %s%s\n", paint("✗"), r.Method, r.Host, r.Path, r.Error.ID, status)
		fmt.Fprintf(w, "  %s\n", strings.TrimSpace(r.Error.Message))
	}
	if p := r.Presented; p != nil {
		fmt.Fprintf(w, "\n  presented  iss %s\n             sub %s\n             aud %s\n             kid %s\n",
			p.Issuer, p.Subject, strings.Join(p.Audience, ", "), p.KeyID)
	}
	for _, d := range r.Divergences {
		fmt.Fprintf(w, "\n  note       %s\n", d)
	}
	if r.Explanation != nil {
		printExplanation(w, r.Explanation)
	}
}

func printExplanation(w io.Writer, x *apierr.Explanation) {
	fmt.Fprintf(w, "\n  why        %s (%s)\n", x.Summary, x.Cause)
	if x.Closest != "" {
		fmt.Fprintf(w, "  closest    %s", x.Closest)
		if x.Source != "" {
			fmt.Fprintf(w, "  at %s", x.Source)
		}
		fmt.Fprintln(w)
	}
	for _, d := range x.Differences {
		fmt.Fprintf(w, "  %-9s  want %s\n             got  %s   (%s)\n", d.Field, d.Want, d.Got, d.Detail)
	}
	for _, e := range x.Evidence {
		fmt.Fprintf(w, "  evidence   %s\n", e)
	}
	if f := x.Fix; f != nil {
		fmt.Fprintf(w, "  fix        %s\n", f.Text)
		if f.Source != "" {
			fmt.Fprintf(w, "             %s: %s: %s\n", f.Source, f.Field, f.Value)
		}
		if f.Command != "" {
			fmt.Fprintf(w, "             %s\n", f.Command)
		}
	}
}
