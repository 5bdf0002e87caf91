package apierr

// Explanation is why an exchange was refused: the cause, what shows it, and what mends it. It never
// holds a token or a secret.
type Explanation struct {
	// Cause is a stable identifier such as issuer-trailing-slash; docs/explanations.md lists them.
	Cause string `json:"cause"`
	// Summary is one sentence for people.
	Summary string `json:"summary"`
	// Closest is the rule that came nearest to allowing the request.
	Closest string `json:"closest,omitempty"`
	// Source is where the fixture declares the closest rule, FILE:LINE:COLUMN.
	Source string `json:"source,omitempty"`
	// Differences are the fields that do not agree, most telling first.
	Differences []Difference `json:"differences,omitempty"`
	// Evidence are the facts the summary rests on, one sentence each.
	Evidence []string `json:"evidence,omitempty"`
	// Fix is what mends it; nil where nothing on this side can.
	Fix *Fix `json:"fix,omitempty"`
}

// Difference is one field of the closest rule beside what arrived.
type Difference struct {
	Field  string `json:"field"`  // issuer, subject, audience
	Want   string `json:"want"`   // what the rule has
	Got    string `json:"got"`    // what arrived
	Detail string `json:"detail"` // how they differ: a trailing slash, case, namespace, …
}

// Fix is one change that mends the cause.
type Fix struct {
	// Text says in words what to do.
	Text string `json:"text"`
	// Do is the same for programs; empty where only words can say it.
	Do Action `json:"do,omitempty"`
	// Command is a command to paste, where one does it.
	Command string `json:"command,omitempty"`
	// Source, Field and Value name a line of the fixture and what it should say.
	Source string `json:"source,omitempty"`
	Field  string `json:"field,omitempty"`
	Value  string `json:"value,omitempty"`
}

// Action is what kind of change mends a cause.
type Action string

// The actions.
const (
	// DoSet sets the value at Source, which is Field's, to Value.
	DoSet Action = "set"
	// DoClientID gives the workload's service account the client id Value.
	DoClientID Action = "client-id"
	// DoLabel gives the pod the label in Field with Value, and makes it anew.
	DoLabel Action = "label"
	// DoNewToken presents a token that was issued since.
	DoNewToken Action = "new-token"
	// DoWait waits for Value, a Go duration.
	DoWait Action = "wait"
	// DoReach makes the issuer's documents, at Value, answer.
	DoReach Action = "reach"
)
