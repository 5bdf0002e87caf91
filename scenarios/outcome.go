package scenarios

import (
	"fmt"
	"strings"

	"github.com/kindred-emulator/kindred/emulator/apierr"
)

// outcome is what became of a workload.
type outcome struct {
	err            error // how it ended; nil: status 0
	stdout, stderr string
	why            *apierr.Explanation // of the newest refusal; nil: there is none
}

// compare says how an outcome differs from the expected one; nil where it does not.
func (e Expect) compare(o outcome) error {
	switch {
	case e.Output != "":
		if o.err != nil {
			return fmt.Errorf("it failed: %w\n%s", o.err, o.stderr)
		}
		if o.stdout != e.Output {
			return fmt.Errorf("it printed %q instead of %q", o.stdout, e.Output)
		}
	case o.err == nil:
		return fmt.Errorf("it succeeded and printed %q", o.stdout)
	case e.Fails != "":
		if !strings.Contains(o.stderr, e.Fails) {
			return fmt.Errorf("it failed otherwise than with %q:\n%s", e.Fails, o.stderr)
		}
	case !strings.Contains(o.stderr, e.Error):
		return fmt.Errorf("the client was not told %s:\n%s", e.Error, o.stderr)
	case o.cause() != e.Cause:
		return fmt.Errorf("the cause is given as %q instead of %q:\n%s", o.cause(), e.Cause, o.stderr)
	}
	return nil
}

func (o outcome) cause() string {
	if o.why == nil {
		return ""
	}
	return o.why.Cause
}
