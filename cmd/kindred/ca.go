package main

import (
	"errors"
	"fmt"

	"github.com/spf13/cobra"

	"github.com/kindred-emulator/kindred/emulator/keys"
	"github.com/kindred-emulator/kindred/emulator/trust"
)

func (c *cli) ca() *cobra.Command {
	var s setup
	var format string
	cmd := &cobra.Command{
		Use:   "ca",
		Short: "Print the certificate authority that clients must trust",
		Example: `  kindred ca > kindred-ca.pem
  kindred ca --format bundle > bundle.pem      with the system's roots
  kindred ca --format p12 > truststore.p12     the same for Java, password ` + trust.Password,
		Args: cobra.NoArgs,
		RunE: func(*cobra.Command, []string) error {
			if err := oneOf("format", format, "pem", "p12", "bundle"); err != nil {
				return err
			}
			dir := c.stateDir(&s)
			if dir == "" {
				return errors.New("there is no home directory to keep a certificate authority in; name one with --state DIR")
			}
			out, err := c.authority(dir, format)
			if err != nil {
				return err
			}
			if format == "p12" && isTerminal(c.stdout) {
				return errors.New("a PKCS#12 store is not for terminals; redirect it into a file")
			}
			_, err = c.stdout.Write(out)
			return err
		},
	}
	s.stateFlag(cmd.Flags())
	cmd.Flags().StringVar(&format, "format", "pem", "pem, p12 or bundle")
	return cmd
}

// authority is the certificate authority of a state directory in a format; one is made where there
// is none yet.
func (c *cli) authority(dir, format string) ([]byte, error) {
	store, err := keys.Open(keys.Options{Dir: dir})
	if err != nil {
		return nil, err
	}
	ca := store.Authority().PEM()
	if format == "pem" {
		return ca, nil
	}
	roots, err := trust.SystemRoots(c.env.get("SSL_CERT_FILE"))
	if err != nil {
		return nil, fmt.Errorf("the system's roots: %w", err)
	}
	bundle := trust.Bundle(roots, ca)
	if format == "bundle" {
		return bundle, nil
	}
	return trust.Keystore(bundle)
}
