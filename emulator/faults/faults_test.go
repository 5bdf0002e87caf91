package faults_test

import (
	"sync"
	"testing"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"github.com/kindred-emulator/kindred/emulator/directory"
	"github.com/kindred-emulator/kindred/emulator/faults"
)

func TestTheFirstThatFitsIsMet(t *testing.T) {
	t.Parallel()
	s := faults.New(1, []directory.Fault{
		{Surface: "keyvault", Host: "kv1.vault.azure.net", Times: 2, Error: "Throttled"},
		{Surface: "keyvault", Route: "get", Drop: true},
	})
	take := func(surface, route, host string) string {
		f := s.Take(surface, route, host)
		switch {
		case f == nil:
			return ""
		case f.Drop:
			return "drop"
		default:
			return f.Error
		}
	}
	for round := range 2 { // the second after a reset
		assert.Empty(t, take("entra", "get", "kv1.vault.azure.net"), round)
		assert.Equal(t, "drop", take("keyvault", "get", "kv2.vault.azure.net"))
		assert.Equal(t, "Throttled", take("keyvault", "set", "KV1.vault.azure.net"))
		assert.Equal(t, "Throttled", take("keyvault", "get", "kv1.vault.azure.net"))
		assert.Equal(t, "drop", take("keyvault", "get", "kv1.vault.azure.net"), "the first is used up")
		assert.Empty(t, take("keyvault", "set", "kv1.vault.azure.net"))
		assert.False(t, s.None())
		s.Clear()
		assert.True(t, s.None())
		assert.Empty(t, s.List())
		assert.Empty(t, take("keyvault", "get", "kv1.vault.azure.net"))
		s.Reset()
	}
}

func TestTheSeedRepeatsARun(t *testing.T) {
	t.Parallel()
	run := func(seed uint64) (met []bool) {
		s := faults.New(seed, []directory.Fault{{Surface: "entra", Probability: 0.5, Drop: true}})
		for range 64 {
			met = append(met, s.Take("entra", "token", "") != nil)
		}
		return met
	}
	assert.Equal(t, run(1), run(1))
	assert.NotEqual(t, run(1), run(2))
	assert.Contains(t, run(1), true)
	assert.Contains(t, run(1), false)
}

func TestWhatIsNoFault(t *testing.T) {
	t.Parallel()
	for want, f := range map[string]directory.Fault{
		`surface "vault": say entra, keyvault or issuer`: {Surface: "vault", Drop: true},
		"it has no effect":                             {Surface: "entra"},
		"not negative":                                 {Surface: "entra", Drop: true, Times: -1},
		"probability 2: from 0 to 1":                   {Surface: "entra", Drop: true, Probability: 2},
		"go with an error":                             {Surface: "entra", Drop: true, Status: 500},
		"status 200: an error has 400 to 599":          {Surface: "entra", Error: "AADSTS90055", Status: 200},
		`keys "old": say stale or missing`:             {Surface: "issuer", Keys: "old"},
		"keys are an issuer's":                         {Surface: "entra", Keys: "stale"},
		"tokenLifetime is entra's":                     {Surface: "issuer", TokenLifetime: 1},
		`error "Throttled" is none that entra answers`: {Surface: "entra", Error: "Throttled"},
		`error "AADSTS90055" is none that keyvault`:    {Surface: "keyvault", Error: "AADSTS90055"},
	} {
		s := faults.New(1, nil)
		require.ErrorContains(t, s.Add(f), want)
		assert.Empty(t, s.List())
	}
}

func TestTheAnswerIsTheCatalogues(t *testing.T) {
	t.Parallel()
	e := faults.Error(&directory.Fault{Surface: "entra", Error: "AADSTS700213", Status: 503, RetryAfter: 7})
	assert.Equal(t, 503, e.Status)
	assert.Equal(t, 7, e.RetryAfter)
	assert.Equal(t, "AADSTS700213", e.ID())
	assert.Contains(t, e.Message, "presented assertion subject '…'")
	assert.Equal(t, "fault-injected", e.Explanation.Cause)
	assert.Nil(t, faults.Error(&directory.Fault{Surface: "entra", Drop: true}))
}

// The race detector has found what was wrong here.
func TestAnswersToManyAtOnce(t *testing.T) {
	t.Parallel()
	f := directory.Fault{Surface: "keyvault", Error: "InternalServerError"}
	var all sync.WaitGroup
	for range 8 {
		all.Go(func() { assert.Equal(t, 500, faults.Error(&f).Status) })
	}
	all.Wait()
}
