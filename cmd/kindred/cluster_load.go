package main

import (
	"fmt"

	"github.com/spf13/cobra"

	"github.com/kindred-emulator/kindred/kindsetup"
)

func (c *cli) clusterLoad() *cobra.Command {
	var s clusterSetup
	cmd := &cobra.Command{
		Use:     "load IMAGE...",
		Short:   "Give the cluster images that the container engine has",
		Long:    `As "kind load docker-image". A tag other than latest keeps the kubelet from pulling it.`,
		Example: `  docker build -t my-app:1 . && kindred cluster load my-app:1`,
		Args:    cobra.MinimumNArgs(1),
		RunE: func(cmd *cobra.Command, images []string) error {
			config, err := c.config(&s)
			if err != nil {
				return err
			}
			cluster, err := kindsetup.Open(cmd.Context(), config)
			if err != nil {
				return err
			}
			if err := cluster.LoadImages(cmd.Context(), images...); err != nil {
				return err
			}
			for _, image := range images {
				fmt.Fprintln(c.stdout, "loaded", image)
			}
			return nil
		},
	}
	s.flags(cmd.Flags())
	return cmd
}
