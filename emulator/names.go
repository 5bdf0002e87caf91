package emulator

import (
	"github.com/kindred-emulator/kindred/emulator/directory"
	"github.com/kindred-emulator/kindred/emulator/issuer"
	"github.com/kindred-emulator/kindred/emulator/keyvault"
)

// names says which hosts kindred stands for: they end here instead of on the internet.
type names struct {
	vaults  *keyvault.Surface
	issuers *issuer.Surface
}

// serves takes a host without port, in lower case.
func (n names) serves(host string) bool {
	if _, ok := directory.CloudOfLogin(host); ok {
		return true
	}
	return n.vaults.Serves(host) || n.issuers.Serves(host)
}
