package kindsetup

import (
	"bytes"
	"fmt"
	"os"
	"path/filepath"
	"strings"
	"testing"

	"github.com/stretchr/testify/require"
)

// reply is what the fake engine does when its arguments match a pattern of the shell.
type reply struct {
	when, stdout, stderr string
	status               int
	once                 bool // from then on it says nothing, and that all is well
}

// ready is the reply of an engine that works, with nothing in it.
var ready = []reply{
	{when: "info *", stdout: "8000000000"},
	{when: "ps *"},
	{when: "container inspect *", stderr: "Error: No such container", status: 1},
	{when: "image inspect *", stderr: "Error: No such image", status: 1},
	{when: "network inspect *", stderr: "Error: No such network", status: 1},
}

// fakeEngine puts a docker before all others into PATH which gives the first reply that matches, and
// fails at anything else. It writes what it was asked to the file whose path is returned.
func fakeEngine(t *testing.T, replies ...reply) (asked string) {
	t.Helper()
	dir := t.TempDir()
	asked = filepath.Join(dir, "asked")
	var script strings.Builder
	fmt.Fprintf(&script, "#!/bin/sh\necho \"$*\" >> %s\ncase \"$*\" in\n", asked)
	for i, r := range replies {
		when := strings.ReplaceAll(r.when, " ", `\ `)
		once := ""
		if r.once {
			done := filepath.Join(dir, fmt.Sprint("done-", i))
			once = fmt.Sprintf("[ -e %s ] && exit; : > %s; ", done, done)
		}
		fmt.Fprintf(&script, "%s) %sprintf '%%s\\n' '%s'; printf '%%s\\n' '%s' >&2; exit %d;;\n", when, once, r.stdout, r.stderr, r.status)
	}
	script.WriteString("*) echo \"unexpected: $*\" >&2; exit 99;;\nesac\n")
	require.NoError(t, os.WriteFile(filepath.Join(dir, "docker"), []byte(script.String()), 0o755))
	t.Setenv("PATH", dir)
	return asked
}

// config is a cluster's, with its folder in a new home.
func config(t *testing.T, environment ...string) (c Config, out *bytes.Buffer) {
	t.Helper()
	home := t.TempDir()
	out = &bytes.Buffer{}
	return Config{
		Name: "test", Dir: filepath.Join(home, "clusters", "test"),
		Listen: "127.0.0.1:0", Proxy: "127.0.0.1:0", Control: "127.0.0.1:0", Webhook: true,
		Out: out,
		Getenv: func(name string) string {
			for i := 0; i < len(environment); i += 2 {
				if environment[i] == name {
					return environment[i+1]
				}
			}
			if name == "HOME" {
				return home
			}
			return ""
		},
	}, out
}
