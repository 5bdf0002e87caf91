package directory_test

import (
	"strings"
	"testing"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"github.com/kindred-emulator/kindred/emulator/directory"
)

func TestParseExpression(t *testing.T) {
	t.Parallel()
	for _, text := range []string{
		"claims['sub'] eq 'a'",
		"claims['sub'] matches 'system:serviceaccount:ns:*'",
		"  claims[ 'sub' ]  eq\t'a'\r\n",
		"claims['sub']eq'a'",
		"claims['a'] eq '1' and claims['b'] matches '?' and claims['c'] eq 'x'",
		"claims['kubernetes.io'] eq ' and claims[] eq '",
		"claims['sub'] eq 'ü'",
	} {
		e, err := directory.ParseExpression(text)
		require.NoError(t, err, text)
		assert.Equal(t, text, e.String())
	}
}

func TestParseExpressionErrors(t *testing.T) {
	t.Parallel()
	for text, want := range map[string]string{
		"":                         "column 1: expected `claims[`",
		"   ":                      "column 4: expected `claims[`",
		"claim['sub'] eq 'a'":      "column 1: expected `claims[`",
		"Claims['sub'] eq 'a'":     "column 1: expected `claims[`",
		"claims[sub] eq 'a'":       "column 8: expected a claim's name in single quotes",
		`claims["sub"] eq 'a'`:     "column 8: expected a claim's name in single quotes",
		"claims['sub":              "column 9: expected a closing single quote",
		"claims[''] eq 'a'":        "column 9: expected a claim's name",
		"claims['sub' eq 'a'":      "column 14: expected `]`",
		"claims['sub'] 'a'":        "column 15: expected `eq` or `matches`",
		"claims['sub'] ne 'a'":     "column 15: expected `eq` or `matches`",
		"claims['sub'] equals 'a'": "column 15: expected `eq` or `matches`",
		"claims['sub'] EQ 'a'":     "column 15: expected `eq` or `matches`",
		"claims['sub'] eq a":       "column 18: expected a value in single quotes",
		"claims['sub'] eq":         "column 17: expected a value in single quotes",
		"claims['sub'] eq ''":      "column 19: expected a value",
		"claims['sub'] eq 'a":      "column 19: expected a closing single quote",
		"claims['sub'] eq '\xff'":  "column 19: expected a value",
		"claims['sub'] eq 'a' or claims['b'] eq 'c'": "column 22: expected `and`",
		"claims['sub'] eq 'a' android":               "column 22: expected `and`",
		"claims['sub'] eq 'a' and":                   "column 25: expected `claims[`",
		"claims['sub'] eq 'a' and and":               "column 26: expected `claims[`",
		"claims['sub'] eq 'it''s'":                   "column 22: expected `and`",
	} {
		_, err := directory.ParseExpression(text)
		assert.EqualError(t, err, want, text)
	}
}

func TestExpressionMatch(t *testing.T) {
	t.Parallel()
	claims := map[string]any{"sub": "system:serviceaccount:team-a:api", "n": 7., "list": []any{"a"}, "empty": "", "star": "a*b?c", "ü": "äöü"}
	for text, want := range map[string]bool{
		"claims['sub'] eq 'system:serviceaccount:team-a:api'":                     true,
		"claims['sub'] eq 'System:serviceaccount:team-a:api'":                     false,
		"claims['sub'] eq 'system:serviceaccount:team-a:*'":                       false, // eq has no wildcards
		"claims['sub'] matches 'system:serviceaccount:team-a:*'":                  true,
		"claims['sub'] matches 'system:serviceaccount:team-?:api'":                true,
		"claims['sub'] matches 'system:serviceaccount:team-??:api'":               false,
		"claims['sub'] matches 'system:serviceaccount:team-b:*'":                  false,
		"claims['sub'] matches 'serviceaccount'":                                  false, // the whole, not a part
		"claims['sub'] matches '*'":                                               true,
		"claims['sub'] matches '**'":                                              true,
		"claims['sub'] matches '*:*:*:*'":                                         true,
		"claims['sub'] matches '*:*:*:*:*'":                                       false,
		"claims['sub'] matches '*api'":                                            true,
		"claims['sub'] matches '*ap'":                                             false,
		"claims['sub'] matches 's*a*i'":                                           true,
		"claims['sub'] matches 'SYSTEM*'":                                         false,
		"claims['sub'] matches '.*'":                                              false, // no regular expressions
		"claims['star'] eq 'a*b?c'":                                               true,
		"claims['ü'] matches '???'":                                               true, // characters, not bytes
		"claims['empty'] matches '*'":                                             true,
		"claims['empty'] matches '?'":                                             false,
		"claims['none'] matches '*'":                                              false,
		"claims['n'] eq '7'":                                                      false,
		"claims['list'] eq 'a'":                                                   false,
		"claims['sub'] matches '*' and claims['star'] eq 'a*b?c'":                 true,
		"claims['sub'] matches '*' and claims['star'] eq 'x'":                     false,
		"claims['sub'] eq 'x' and claims['star'] eq 'a*b?c'":                      false,
		"claims['sub'] matches 'system:*' and claims['sub'] matches '*:team-a:*'": true,
	} {
		e, err := directory.ParseExpression(text)
		require.NoError(t, err, text)
		assert.Equal(t, want, e.Match(claims), text)
	}
}

// A matcher that tries every split of the text would not come back from this one.
func TestExpressionMatchIsNotExponential(t *testing.T) {
	t.Parallel()
	e, err := directory.ParseExpression("claims['sub'] matches '" + strings.Repeat("*a", 50) + "b'")
	require.NoError(t, err)
	assert.False(t, e.Match(map[string]any{"sub": strings.Repeat("a", 5000)}))
}

func FuzzExpression(f *testing.F) {
	f.Add("claims['sub'] matches 'system:serviceaccount:ns:*' and claims['a'] eq 'b'", "system:serviceaccount:ns:x")
	f.Add("claims['sub'] matches '*?*a'", "ba")
	f.Add("claims['sub'] eq '\xff'", "\xff")
	f.Fuzz(func(t *testing.T, text, sub string) {
		e, err := directory.ParseExpression(text)
		if err != nil {
			require.Regexp(t, "^column [0-9]+: expected ", err.Error())
			return
		}
		matched := e.Match(map[string]any{"sub": sub, "a": "b"})
		again, err := directory.ParseExpression(e.String())
		require.NoError(t, err)
		require.Equal(t, matched, again.Match(map[string]any{"sub": sub, "a": "b"}))
		require.False(t, e.Match(nil))
	})
}

// FuzzWildcard compares the matcher with the plain definition of a pattern.
func FuzzWildcard(f *testing.F) {
	f.Add("a*b?c", "axxbyc")
	f.Add("*a*", "bab")
	f.Add("??*", "é")
	f.Fuzz(func(t *testing.T, pattern, text string) {
		if len(pattern) > 12 || len(text) > 24 {
			return
		}
		e, err := directory.ParseExpression("claims['x'] matches '" + pattern + "'")
		if err != nil || strings.Contains(pattern, "'") {
			return
		}
		require.Equal(t, plain([]rune(pattern), []rune(text)), e.Match(map[string]any{"x": text}))
	})
}

func plain(pattern, text []rune) bool {
	switch {
	case len(pattern) == 0:
		return len(text) == 0
	case pattern[0] == '*':
		return plain(pattern[1:], text) || (len(text) > 0 && plain(pattern, text[1:]))
	default:
		return len(text) > 0 && (pattern[0] == '?' || pattern[0] == text[0]) && plain(pattern[1:], text[1:])
	}
}
