package main

import (
	"context"

	"github.com/spf13/cobra"

	"github.com/kindred-emulator/kindred/emulator"
	"github.com/kindred-emulator/kindred/emulator/control"
	"github.com/kindred-emulator/kindred/emulator/keys"
	"github.com/kindred-emulator/kindred/kindsetup"
)

func (c *cli) clusterRotate() *cobra.Command {
	var s clusterSetup
	cmd := &cobra.Command{
		Use:   "rotate-keys",
		Short: "Give the API server a new key to sign service-account tokens with",
		Long: `Makes a new signing key, publishes it beside the old one and restarts the API server
with it, as "az aks oidc-issuer rotate-signing-keys" does. Pods live on: the old key
stays published for a day, and kubelets fetch new tokens meanwhile.`,
		Args: cobra.NoArgs,
		RunE: func(cmd *cobra.Command, _ []string) error {
			config, err := c.config(&s)
			if err != nil {
				return err
			}
			return kindsetup.RotateKeys(cmd.Context(), config, rotation{})
		},
	}
	s.flags(cmd.Flags())
	return cmd
}

// rotation makes keys by way of a running emulator.
type rotation struct{}

func (rotation) Rotate(ctx context.Context, address, token, cluster string) error {
	return control.NewClient(address, token).Rotate(ctx, cluster)
}

func (rotation) Keys(state, cluster string) (kindsetup.Keys, error) {
	store, err := keys.Open(keys.Options{Dir: state}, emulator.ClusterRing(cluster))
	if err != nil {
		return kindsetup.Keys{}, err
	}
	return serviceAccountKeys(store, cluster)
}
