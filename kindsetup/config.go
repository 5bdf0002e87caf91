package kindsetup

import (
	"fmt"
	"io"
	"net"
	"regexp"
)

// Config says what cluster to make.
type Config struct {
	// Name is the cluster's; its kubeconfig context is kind-NAME.
	Name string
	// Dir keeps what belongs to this cluster and to no other, absolute.
	Dir string
	// NodeImage is the kind node image; empty: kind's default.
	NodeImage string
	// Listen, Proxy and Control are where kindred is published on this machine, host:port.
	Listen, Proxy, Control string
	// Prepare makes the keys and says what the emulator is; it is called once the engine is known to
	// work, with the folder that keeps its state.
	Prepare func(state string) (*Emulator, error)
	// Webhook says whether kindred's own admission webhook is registered.
	Webhook bool
	// Retain leaves what a failed run made, for a look at it.
	Retain bool
	// Out gets a status line for each step.
	Out io.Writer
	// Terminal says that Out is one.
	Terminal bool
	// Getenv reads the environment.
	Getenv func(name string) string
}

// Emulator is the kindred that runs beside the cluster.
type Emulator struct {
	Program string            // a static Linux binary of kindred
	Args    []string          // of kindred, but for those that this package knows itself
	WorkDir string            // its working directory in the container
	Files   map[string][]byte // what the container holds, by absolute path, beside the state
	Issuer  string            // the iss claim of the cluster's service-account tokens
	Cluster string            // the name of the fixture's cluster
	Keys    Keys
	CA      []byte            // PEM
	Trust   map[string][]byte // the trust files, by name
	Zones   []string          // the DNS zones whose names kindred stands for
}

// Keys are the cluster's service-account keys, PEM.
type Keys struct {
	Private []byte // the one that signs (PKCS#8)
	Public  []byte // those that verify, the signing one's first (PKIX)
}

var nameForm = regexp.MustCompile(`^[a-z0-9][a-z0-9.-]{0,49}$`)

func (c *Config) validate() error {
	if !nameForm.MatchString(c.Name) {
		return fmt.Errorf("--name %q: lower-case letters, digits, . and -, at most 50", c.Name)
	}
	return nil
}

// validateAddresses is validate for what Up alone needs.
func (c *Config) validateAddresses() error {
	for flag, address := range c.addresses() {
		if _, _, err := net.SplitHostPort(*address); err != nil {
			return fmt.Errorf("--%s %q: say HOST:PORT: %w", flag, *address, err)
		}
	}
	return nil
}

func (c *Config) addresses() map[string]*string {
	return map[string]*string{"listen": &c.Listen, "proxy": &c.Proxy, "control": &c.Control}
}

// emulatorName is the container's name, which is its name in DNS too.
func emulatorName(cluster string) string { return cluster + "-emulator" }
