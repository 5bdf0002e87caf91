package scenarios

import (
	"errors"
	"os"
	"path/filepath"
	"regexp"
	"strings"
	"testing"
	"testing/fstest"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"github.com/kindred-emulator/kindred/emulator/apierr"
)

func TestShippedScenariosLoad(t *testing.T) {
	t.Parallel()
	files, err := Load(os.DirFS("."))
	require.NoError(t, err)
	require.NotEmpty(t, files)
	for _, f := range files {
		assert.NotEmpty(t, f.Scenarios, f.Name)
		for _, s := range f.Scenarios {
			if s.Manifest != "" {
				assert.FileExists(t, s.Manifest, s.Name)
			}
		}
		if f.Fixture != "" {
			assert.FileExists(t, f.Fixture)
		}
	}
}

func TestLoadNamesWhatIsWrong(t *testing.T) {
	t.Parallel()
	const good = "vault: https://kv.vault.azure.net/, secret: s"
	for text, want := range map[string]string{
		"scenarios: [{nam: x}]":                                                                                   "field nam not found",
		"scenarios: []\n---\nscenarios: []":                                                                       "x.yaml: there is a second document in it",
		"scenarios: [{" + good + "}]":                                                                             "it has no name",
		"scenarios: [{name: a, expect: {fails: x}}]":                                                              "say the vault and the secret to read",
		"scenarios: [{name: a, " + good + "}]":                                                                    "expect one of output, error and fails",
		"scenarios: [{name: a, " + good + ", expect: {output: x, fails: x}}]":                                     "expect one of output, error and fails",
		"scenarios: [{name: a, " + good + ", expect: {error: AADSTS700213}}]":                                     "an error that is expected has a cause",
		"scenarios: [{name: a, " + good + ", before: [{}], expect: {output: x}}]":                                 "before[0]: say one of advance, rotate, do and fault",
		"scenarios: [{name: a, " + good + ", expect: {output: x}}, {name: a, " + good + ", expect: {output: x}}]": `scenarios[1]: there are two named "a"`,
	} {
		_, err := Load(fstest.MapFS{"x.yaml": {Data: []byte(text)}})
		assert.ErrorContains(t, err, want, text)
	}
}

func TestCompare(t *testing.T) {
	t.Parallel()
	failed := errors.New("exit status 1")
	for name, c := range map[string]struct {
		expect Expect
		got    outcome
		want   string // empty: it is as expected
	}{
		"printed":              {Expect{Output: "x"}, outcome{stdout: "x"}, ""},
		"printed another":      {Expect{Output: "x"}, outcome{stdout: "y"}, `it printed "y" instead of "x"`},
		"failed instead":       {Expect{Output: "x"}, outcome{err: failed}, "it failed: exit status 1"},
		"refused":              {Expect{Error: "E1", Cause: "c"}, outcome{err: failed, stderr: "… E1: …", why: &apierr.Explanation{Cause: "c"}}, ""},
		"refused otherwise":    {Expect{Error: "E1", Cause: "c"}, outcome{err: failed, stderr: "E2", why: &apierr.Explanation{Cause: "c"}}, "the client was not told E1"},
		"explained otherwise":  {Expect{Error: "E1", Cause: "c"}, outcome{err: failed, stderr: "E1", why: &apierr.Explanation{Cause: "d"}}, `the cause is given as "d" instead of "c"`},
		"not refused":          {Expect{Error: "E1", Cause: "c"}, outcome{stdout: "x"}, `it succeeded and printed "x"`},
		"fails":                {Expect{Fails: "x"}, outcome{err: failed, stderr: "a x"}, ""},
		"does not fail at all": {Expect{Fails: "x"}, outcome{}, "it succeeded"},
	} {
		err := c.expect.compare(c.got)
		if c.want == "" {
			assert.NoError(t, err, name)
		} else {
			assert.ErrorContains(t, err, c.want, name)
		}
	}
}

// TestTheDocsNameWhatProvesThem looks for each test and each scenario that the README and
// docs/security.md name.
func TestTheDocsNameWhatProvesThem(t *testing.T) {
	t.Parallel()
	readme, err := os.ReadFile("../README.md")
	require.NoError(t, err)
	security, err := os.ReadFile("../docs/security.md")
	require.NoError(t, err)
	docs := string(readme) + string(security)
	var code strings.Builder
	for _, pattern := range []string{"../*/*_test.go", "../*/*/*_test.go"} {
		files, err := filepath.Glob(pattern)
		require.NoError(t, err)
		for _, file := range files {
			data, err := os.ReadFile(file)
			require.NoError(t, err)
			code.Write(data)
		}
	}
	tests := regexp.MustCompile("`(Test[A-Za-z0-9]+)`").FindAllStringSubmatch(docs, -1)
	require.NotEmpty(t, tests)
	for _, m := range tests {
		assert.True(t, strings.Contains(code.String(), "func "+m[1]+"("), "the docs name a test that is not there: %s", m[1])
	}
	files, err := Load(os.DirFS("."))
	require.NoError(t, err)
	names := make(map[string]bool)
	for _, f := range files {
		for _, s := range f.Scenarios {
			names[s.Name] = true
		}
	}
	for _, m := range regexp.MustCompile(`scenario “([^”]+)”`).FindAllStringSubmatch(docs, -1) {
		assert.True(t, names[m[1]], "the docs name a scenario that is not there: %s", m[1])
	}
}

func TestCheckoutsHaveClustersOfTheirOwn(t *testing.T) {
	t.Parallel()
	mine, err := ClusterName("e2e", "/a/.cache/kind")
	require.NoError(t, err)
	again, err := ClusterName("e2e", "/a/b/../.cache/kind")
	require.NoError(t, err)
	assert.Equal(t, mine, again)
	other, err := ClusterName("e2e", "/b/.cache/kind")
	require.NoError(t, err)
	assert.NotEqual(t, mine, other)
	assert.Regexp(t, "^kindred-e2e-[0-9a-f]{6}$", mine)
}
