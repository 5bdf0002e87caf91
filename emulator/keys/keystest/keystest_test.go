package keystest_test

import (
	"fmt"
	"testing"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"github.com/kindred-emulator/kindred/emulator/keys"
	"github.com/kindred-emulator/kindred/emulator/keys/keystest"
)

// A key that two rings had would make a forged signature a good one. There are more rings than test keys.
func TestNoTwoRingsOfAStoreShareAKey(t *testing.T) {
	t.Parallel()
	var names []string
	for i := range 22 {
		names = append(names, fmt.Sprint("cluster-", i))
	}
	store, err := keys.Open(keystest.Options(), names...)
	require.NoError(t, err)
	of := make(map[string]string)
	for _, name := range names {
		ring, err := store.Ring(name)
		require.NoError(t, err)
		id := ring.Current().ID()
		assert.Empty(t, of[id], "%s has the key of another", name)
		of[id] = name
	}
}

func TestAKeyIsTheSameEachTime(t *testing.T) {
	t.Parallel()
	for _, n := range []int{0, 21} {
		a, err := keystest.Key(n)
		require.NoError(t, err)
		b, err := keystest.Key(n)
		require.NoError(t, err)
		assert.Same(t, a, b)
	}
}
