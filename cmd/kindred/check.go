package main

import (
	"context"
	"encoding/json"
	"encoding/xml"
	"fmt"
	"io"
	"regexp"

	"github.com/spf13/cobra"

	"github.com/kindred-emulator/kindred/emulator"
	"github.com/kindred-emulator/kindred/emulator/keys"
	"github.com/kindred-emulator/kindred/fixtures"
	"github.com/kindred-emulator/kindred/scenarios"
)

func (c *cli) check() *cobra.Command {
	var s setup
	var format, match string
	cmd := &cobra.Command{
		Use:   "check FILE...",
		Short: "Run the checks of a fixture",
		Long: `Runs each check of the fixture: signs the assertion, swaps it for a token and, where
the check speaks of one, reads the secret; in memory, with no port opened. Exit
status 1 if one has another outcome than it must have.`,
		Example: `  kindred check team.yaml
  kindred check --run 'worker' --format junit team.yaml > checks.xml`,
		Args: cobra.MinimumNArgs(1),
		RunE: func(cmd *cobra.Command, args []string) error {
			if err := oneOf("format", format, "text", "json", "junit"); err != nil {
				return err
			}
			chosen, err := regexp.Compile(match)
			if err != nil {
				return fmt.Errorf("--run: %w", err)
			}
			return c.runChecks(cmd.Context(), &s, args, chosen, format)
		},
	}
	s.stateFlag(cmd.Flags())
	cmd.Flags().StringVar(&match, "run", "", "only the checks whose names match `REGEX`")
	cmd.Flags().StringVar(&format, "format", "text", "text, json or junit")
	return cmd
}

func (c *cli) runChecks(ctx context.Context, s *setup, files []string, match *regexp.Regexp, format string) error {
	f, err := fixtures.Load(files...)
	if err != nil {
		return err
	}
	results, err := scenarios.RunChecks(ctx, f, emulator.Options{Keys: keys.Options{Dir: c.stateDir(s)}}, match)
	if err != nil {
		return err
	}
	if len(results) == 0 {
		return fmt.Errorf("there is no check to run: the fixture has %d, --run chooses among them", len(f.Checks))
	}
	failed := 0
	for _, r := range results {
		if !r.Passed {
			failed++
		}
	}
	switch format {
	case "json":
		err = writeJSON(c.stdout, results)
	case "junit":
		err = writeJUnit(c.stdout, results, failed)
	default:
		c.printChecks(results, failed)
	}
	if err == nil && failed > 0 {
		return exitStatus(statusNot)
	}
	return err
}

func (c *cli) printChecks(results []scenarios.CheckResult, failed int) {
	paint := c.colour(c.stdout)
	for _, r := range results {
		if r.Passed {
			fmt.Fprintf(c.stdout, "✓ %s\n", r.Name)
			continue
		}
		fmt.Fprintf(c.stdout, "%s %s (%s)\n  expected   %s\n  got        %s\n", paint("✗"), r.Name, r.Source, r.Expected, r.Got)
		if r.Explanation != nil {
			printExplanation(c.stdout, r.Explanation)
		}
	}
	fmt.Fprintf(c.stdout, "\n%d passed, %d failed\n", len(results)-failed, failed)
}

func writeJSON(w io.Writer, v any) error {
	e := json.NewEncoder(w)
	e.SetEscapeHTML(false)
	e.SetIndent("", "  ")
	return e.Encode(v)
}

// The part of JUnit's XML that CI systems read
// (https://github.com/testmoapp/junitxml).
type junitSuite struct {
	XMLName  xml.Name    `xml:"testsuite"`
	Name     string      `xml:"name,attr"`
	Tests    int         `xml:"tests,attr"`
	Failures int         `xml:"failures,attr"`
	Cases    []junitCase `xml:"testcase"`
}

type junitCase struct {
	Name      string        `xml:"name,attr"`
	ClassName string        `xml:"classname,attr"`
	Time      float64       `xml:"time,attr"` // seconds
	Failure   *junitFailure `xml:"failure"`
}

type junitFailure struct {
	Message string `xml:"message,attr"`
	Text    string `xml:",chardata"`
}

func writeJUnit(w io.Writer, results []scenarios.CheckResult, failed int) error {
	suite := junitSuite{Name: "kindred check", Tests: len(results), Failures: failed}
	for _, r := range results {
		k := junitCase{Name: r.Name, ClassName: "kindred", Time: r.Took.Seconds()}
		if !r.Passed {
			k.Failure = &junitFailure{Message: "expected " + r.Expected + ", got " + r.Got, Text: r.Source}
			if r.Explanation != nil {
				k.Failure.Text += ": " + r.Explanation.Summary
			}
		}
		suite.Cases = append(suite.Cases, k)
	}
	if _, err := io.WriteString(w, xml.Header); err != nil {
		return err
	}
	e := xml.NewEncoder(w)
	e.Indent("", "  ")
	if err := e.Encode(suite); err != nil {
		return err
	}
	_, err := io.WriteString(w, "\n")
	return err
}
