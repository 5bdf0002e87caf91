package main

import (
	"cmp"
	"path/filepath"

	"github.com/spf13/cobra"

	"github.com/kindred-emulator/kindred/emulator/control"
	"github.com/kindred-emulator/kindred/kindsetup"
)

// controlVariable is the variable of the environment that holds the address of a running kindred's
// control API; its token is in control.TokenVariable.
const controlVariable = "KINDRED_CONTROL"

func (c *cli) controlFlag(cmd *cobra.Command, api *string) {
	address := cmp.Or(c.env.get(controlVariable), defaultControl)
	cmd.Flags().StringVar(api, "control", address, "`ADDRESS` of the control API of a running kindred")
}

// client calls the control API at an address, with the token that it asks for.
func (c *cli) client(address string) *control.Client {
	token := c.env.get(control.TokenVariable)
	if token == "" {
		token = c.tokenOfCluster(address)
	}
	return control.NewClient(address, token)
}

// tokenOfCluster finds the token where the kindred of one of the user's clusters has that address.
func (c *cli) tokenOfCluster(address string) string {
	records, err := filepath.Glob(filepath.Join(c.clustersDir(&setup{}), "*"))
	if err != nil {
		return "" // the pattern has a bracket in it: a strange home
	}
	for _, dir := range records {
		if r, err := kindsetup.Load(dir); err == nil && r.Control == address {
			if token, err := kindsetup.ControlToken(dir); err == nil {
				return token
			}
		}
	}
	return ""
}

// clustersDir has a folder for each cluster that `kindred cluster up` made.
func (c *cli) clustersDir(s *setup) string { return filepath.Join(c.stateDir(s), "clusters") }
