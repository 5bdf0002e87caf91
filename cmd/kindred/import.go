package main

import (
	"fmt"
	"io"
	"os"

	"github.com/spf13/cobra"

	"github.com/kindred-emulator/kindred/fixtures/imports"
)

func (c *cli) imports() *cobra.Command {
	var application string
	cmd := &cobra.Command{
		Use:   "import FILE...",
		Short: "Make a fixture from what the Azure CLI or Terraform says of a real Azure",
		Long: `Reads the JSON of az identity show, az identity federated-credential list,
az keyvault show, az aks show, az ad app show, az ad app federated-credential list,
az role assignment list, and of terraform show -json (a state or a plan), and prints
one fixture. Secret values never come along.`,
		Example: `  terraform show -json | kindred import - > azure.yaml
  kindred import identity.json credentials.json vault.json > azure.yaml
  kindred lint --fixture azure.yaml deploy/`,
		Args: cobra.MinimumNArgs(1),
		RunE: func(_ *cobra.Command, args []string) error {
			m := &imports.Import{Application: application}
			for _, name := range args {
				data, err := readInput(name)
				if err != nil {
					return err
				}
				if err := m.Add(data); err != nil {
					return fmt.Errorf("%s: %w", name, err)
				}
			}
			text, err := m.Fixture()
			if err != nil {
				return err
			}
			for _, note := range m.Notes() {
				fmt.Fprintln(c.stderr, "kindred: left out:", note)
			}
			_, err = c.stdout.Write(text)
			return err
		},
	}
	cmd.Flags().StringVar(&application, "application", "", "the `CLIENT-ID` of the application that az ad app federated-credential list was asked for")
	return cmd
}

// readInput reads a file; `-` is standard input.
func readInput(name string) ([]byte, error) {
	if name == "-" {
		return io.ReadAll(os.Stdin)
	}
	return os.ReadFile(name)
}
