package main

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"strings"
	"time"

	"github.com/spf13/cobra"

	"github.com/kindred-emulator/kindred/emulator/control"
)

func (c *cli) token() *cobra.Command {
	var s setup
	var api string
	var q control.TokenRequest
	var expiresIn time.Duration
	var claims []string
	cmd := &cobra.Command{
		Use:   "token",
		Short: "Print a service-account token",
		Long: `Prints a token as the API server of the fixture's cluster would sign it: from the
kindred at --control or, where none runs, signed with the same keys from --state.
--fixture always signs here.`,
		Example: `  kindred token --as default/workload-identity-sa
  kindred token --as default/workload-identity-sa --expires-in -5m     an expired one
  kindred token --as default/workload-identity-sa --claim sub=other    another subject`,
		Args: cobra.NoArgs,
		RunE: func(cmd *cobra.Command, _ []string) error {
			q.ExpiresIn = expiresIn.String()
			var err error
			if q.Claims, err = parseClaims(claims); err != nil {
				return err
			}
			if cmd.Flags().Changed("fixture") {
				if cmd.Flags().Changed("control") {
					return fmt.Errorf("--fixture and --control: the kindred at --control has its own fixture")
				}
				return c.signToken(cmd.Context(), &s, q)
			}
			err = c.printToken(cmd.Context(), api, q)
			if errors.Is(err, control.ErrUnreachable) && !cmd.Flags().Changed("control") {
				return c.signToken(cmd.Context(), &s, q)
			}
			return err
		},
	}
	c.controlFlag(cmd, &api)
	s.fixtureFlag(cmd.Flags())
	s.stateFlag(cmd.Flags())
	cmd.Flags().StringVar(&q.As, "as", "", "the service account, `[CLUSTER/]NAMESPACE/NAME` (default: the only one there is)")
	cmd.Flags().StringVar(&q.Audience, "audience", "", "the `AUDIENCE` (default: the cloud's for federation)")
	cmd.Flags().DurationVar(&expiresIn, "expires-in", time.Hour, "its life from now; negative: expired since")
	cmd.Flags().StringArrayVar(&claims, "claim", nil, "`NAME=VALUE` replaces a claim, VALUE in JSON or a plain string; NAME=null removes it")
	return cmd
}

func (c *cli) printToken(ctx context.Context, api string, q control.TokenRequest) error {
	t, err := c.client(api).Token(ctx, q)
	if err != nil {
		return err
	}
	_, err = fmt.Fprintln(c.stdout, t.Token)
	return err
}

// signToken asks an emulator that lives for this one token.
func (c *cli) signToken(ctx context.Context, s *setup, q control.TokenRequest) error {
	e, err := c.ownEmulator(ctx, s)
	if err != nil {
		return err
	}
	defer func() { _ = e.Close() }()
	return c.printToken(ctx, e.Info().Control, q)
}

// parseClaims reads NAME=VALUE pairs. A value that is no JSON is a string.
func parseClaims(pairs []string) (map[string]any, error) {
	claims := make(map[string]any)
	for _, pair := range pairs {
		name, text, ok := strings.Cut(pair, "=")
		if !ok || name == "" {
			return nil, fmt.Errorf("--claim %q: say NAME=VALUE", pair)
		}
		var value any
		if err := json.Unmarshal([]byte(text), &value); err != nil {
			value = text
		}
		claims[name] = value
	}
	return claims, nil
}
