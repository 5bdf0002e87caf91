package directory

import (
	"fmt"
	"strings"
	"unicode/utf8"
)

// Expression is the claimsMatchingExpression of a flexible federated identity credential: one or
// more comparisons joined by `and`.
//
//	claims['sub'] matches 'system:serviceaccount:team-a:*' and claims['kubernetes.io'] eq '…'
//
// Operators: eq (equal, case-sensitive) and matches (`*` any run of characters, `?` any one).
// Source: https://learn.microsoft.com/entra/workload-id/workload-identities-flexible-federated-identity-credentials.
type Expression struct {
	text        string
	comparisons []comparison
}

type comparison struct {
	claim   string
	matches bool // otherwise eq
	value   string
}

// String is the expression as it was written.
func (e *Expression) String() string { return e.text }

// ParseExpression reads an expression of language version 1. An error names what was expected and
// the column, counted in bytes from 1.
func ParseExpression(text string) (*Expression, error) {
	p := expressionParser{text: text}
	e := &Expression{text: text}
	for {
		c, err := p.comparison()
		if err != nil {
			return nil, err
		}
		e.comparisons = append(e.comparisons, c)
		p.space()
		if p.at == len(p.text) {
			return e, nil
		}
		if err := p.word("and"); err != nil {
			return nil, err
		}
	}
}

// Match says whether the claims of an assertion satisfy every comparison. A claim that is absent
// or not a string satisfies none.
func (e *Expression) Match(claims map[string]any) bool {
	for _, c := range e.comparisons {
		got, ok := claims[c.claim].(string)
		if !ok || (c.matches && !wildcard(c.value, got)) || (!c.matches && got != c.value) {
			return false
		}
	}
	return true
}

// wildcard matches in time linear in the text for each `*` of the pattern: it only ever goes back
// to the last one.
func wildcard(pattern, text string) bool {
	p, t := []rune(pattern), []rune(text)
	pi, ti, star, mark := 0, 0, -1, 0
	for ti < len(t) {
		switch {
		case pi < len(p) && p[pi] == '*':
			star, mark = pi, ti
			pi++
		case pi < len(p) && (p[pi] == '?' || p[pi] == t[ti]):
			pi++
			ti++
		case star >= 0:
			mark++
			pi, ti = star+1, mark
		default:
			return false
		}
	}
	for pi < len(p) && p[pi] == '*' {
		pi++
	}
	return pi == len(p)
}

type expressionParser struct {
	text string
	at   int
}

func (p *expressionParser) space() {
	for p.at < len(p.text) && strings.ContainsRune(" \t\r\n", rune(p.text[p.at])) {
		p.at++
	}
}

func (p *expressionParser) fail(want string) error {
	return fmt.Errorf("column %d: expected %s", p.at+1, want)
}

func (p *expressionParser) literal(s string) error {
	p.space()
	if !strings.HasPrefix(p.text[p.at:], s) {
		return p.fail("`" + s + "`")
	}
	p.at += len(s)
	return nil
}

// word is a literal that must end at a space or a quote.
func (p *expressionParser) word(s string) error {
	if err := p.literal(s); err != nil {
		return err
	}
	if p.at < len(p.text) && !strings.ContainsRune(" \t\r\n'", rune(p.text[p.at])) {
		p.at -= len(s)
		return p.fail("`" + s + "`")
	}
	return nil
}

func (p *expressionParser) quoted(what string) (string, error) {
	if err := p.literal("'"); err != nil {
		return "", p.fail(what + " in single quotes")
	}
	end := strings.IndexByte(p.text[p.at:], '\'')
	if end < 0 {
		return "", p.fail("a closing single quote")
	}
	s := p.text[p.at : p.at+end]
	if s == "" || !utf8.ValidString(s) {
		return "", p.fail(what)
	}
	p.at += end + 1
	return s, nil
}

func (p *expressionParser) comparison() (comparison, error) {
	var c comparison
	var err error
	if err = p.literal("claims["); err != nil {
		return c, err
	}
	if c.claim, err = p.quoted("a claim's name"); err != nil {
		return c, err
	}
	if err = p.literal("]"); err != nil {
		return c, err
	}
	switch {
	case p.word("eq") == nil:
	case p.word("matches") == nil:
		c.matches = true
	default:
		return c, p.fail("`eq` or `matches`")
	}
	c.value, err = p.quoted("a value")
	return c, err
}
