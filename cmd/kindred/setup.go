package main

import (
	"fmt"
	"path/filepath"
	"strings"

	"github.com/spf13/pflag"

	"github.com/kindred-emulator/kindred/emulator"
	"github.com/kindred-emulator/kindred/emulator/keys"
	"github.com/kindred-emulator/kindred/emulator/trust"
	"github.com/kindred-emulator/kindred/fixtures"
)

const defaultControl = "127.0.0.1:8445"

// setup is the flags that say what to emulate.
type setup struct {
	fixtures []string
	state    string
	strict   bool
	offline  bool
	seed     uint64
	allowed  []string
}

func (s *setup) flags(f *pflag.FlagSet) {
	s.fixtureFlag(f)
	s.stateFlag(f)
	s.behaviourFlags(f)
}

func (s *setup) behaviourFlags(f *pflag.FlagSet) {
	f.BoolVar(&s.strict, "strict", false, "refuse what real Entra refuses although tutorials do it, such as GET on the token endpoint")
	f.BoolVar(&s.offline, "offline", false, "refuse every host that kindred does not stand for")
	f.StringArrayVar(&s.allowed, "allow-issuer", nil, "a `HOST` whose documents are fetched even from a link-local address; may be repeated")
	f.Uint64Var(&s.seed, "seed", 0, "the `NUMBER` that faults with a probability are drawn from (default: a random one, which is told)")
}

func (s *setup) fixtureFlag(f *pflag.FlagSet) {
	f.StringArrayVar(&s.fixtures, "fixture", nil, "a YAML `FILE` that declares the Azure to play; may be repeated (default: the tutorial's)")
}

func (s *setup) stateFlag(f *pflag.FlagSet) {
	f.StringVar(&s.state, "state", "", "the `DIR` that keeps keys and certificates (default: $XDG_STATE_HOME/kindred or ~/.local/state/kindred)")
}

// listenFlags are the addresses of the three listeners.
func listenFlags(f *pflag.FlagSet, listen, proxy, api *string) {
	f.StringVar(listen, "listen", "127.0.0.1:8443", "`ADDRESS` of the TLS listener")
	f.StringVar(proxy, "proxy", "127.0.0.1:8444", "`ADDRESS` of the CONNECT proxy")
	f.StringVar(api, "control", defaultControl, "`ADDRESS` of the control API")
}

// load reads the fixtures.
func (s *setup) load() (*fixtures.Fixture, error) {
	if len(s.fixtures) == 0 {
		return fixtures.Article(), nil
	}
	return fixtures.Load(s.fixtures...)
}

// stateDir is where keys and certificates are kept; empty where there is no home to keep them in. A
// container without users has / for a home.
func (c *cli) stateDir(s *setup) string {
	switch {
	case s.state != "":
		return s.state
	case c.env.get("XDG_STATE_HOME") != "":
		return filepath.Join(c.env.get("XDG_STATE_HOME"), "kindred")
	case strings.Trim(c.env.get("HOME"), "/") != "":
		return filepath.Join(c.env.get("HOME"), ".local", "state", "kindred")
	default:
		return ""
	}
}

// options are an emulator's, from the flags.
func (c *cli) options(s *setup) (emulator.Options, error) {
	f, err := s.load()
	if err != nil {
		return emulator.Options{}, err
	}
	dir := c.stateDir(s)
	if dir != "" {
		if dir, err = filepath.Abs(dir); err != nil {
			return emulator.Options{}, err
		}
	}
	return emulator.Options{
		Directory: f.Directory,
		Keys:      keys.Options{Dir: dir},
		Strict:    s.strict,
		Offline:   s.offline,
		Seed:      s.seed,

		AllowIssuers: s.allowed,
		Version:      version,
	}, nil
}

// trustFiles writes what clients need to trust a CA, into dir.
func (c *cli) trustFiles(dir string, ca []byte) (trust.Files, error) {
	roots, err := trust.SystemRoots(c.env.get("SSL_CERT_FILE"))
	if err != nil {
		return trust.Files{}, err
	}
	return trust.Write(dir, ca, roots)
}

// oneOf checks a flag that takes one of a few words.
func oneOf(flag, value string, words ...string) error {
	for _, w := range words {
		if w == value {
			return nil
		}
	}
	return fmt.Errorf("--%s %q: say one of %s", flag, value, strings.Join(words, ", "))
}
