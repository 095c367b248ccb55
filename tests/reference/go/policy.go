package main

import (
	"bytes"
	"encoding/base64"
	"fmt"
	"strconv"
	"strings"

	"golang.org/x/mod/sumdb/note"
)

// policy is a C2SP tlog-policy file: https://c2sp.org/tlog-policy
type policy struct {
	logs      []note.Verifier
	verifiers []note.Verifier          // every log and witness that this program can verify
	witnesses map[string]note.Verifier // nil for a key type that this program cannot verify
	groups    []group
	defined   map[string]bool
	placed    map[string]bool
	keys      map[string]bool // role and public key, to refuse doubles
	quorum    string
}

type group struct {
	name      string
	threshold int
	members   []string
}

func parsePolicy(text []byte) (*policy, error) {
	p := &policy{
		witnesses: map[string]note.Verifier{},
		defined:   map[string]bool{},
		placed:    map[string]bool{},
		keys:      map[string]bool{},
	}
	for _, octet := range text {
		if octet < 0x20 && octet != '\t' && octet != '\n' || octet == 0x7f {
			return nil, fmt.Errorf("policy: octet %#02x", octet)
		}
	}
	if !bytes.HasSuffix(text, []byte("\n")) {
		return nil, fmt.Errorf("policy: last line without newline")
	}
	for _, line := range strings.Split(string(text), "\n") {
		items := strings.FieldsFunc(line, func(r rune) bool { return r == ' ' || r == '\t' })
		if len(items) == 0 || strings.HasPrefix(items[0], "#") {
			continue
		}
		if err := p.add(items[0], items[1:]); err != nil {
			return nil, fmt.Errorf("policy: %s: %w", items[0], err)
		}
	}
	if p.quorum == "" {
		return nil, fmt.Errorf("policy: no quorum")
	}
	return p, nil
}

func (p *policy) add(keyword string, items []string) error {
	switch {
	case keyword == "log" && (len(items) == 1 || len(items) == 2):
		return p.addLog(items[0])
	case keyword == "witness" && (len(items) == 2 || len(items) == 3):
		return p.addWitness(items[0], items[1])
	case keyword == "group" && len(items) >= 3:
		return p.addGroup(items[0], items[1], items[2:])
	case keyword == "quorum" && len(items) == 1:
		if p.quorum != "" || items[0] != "none" && !p.defined[items[0]] {
			return fmt.Errorf("second, or not defined")
		}
		p.quorum = items[0]
		return nil
	}
	return fmt.Errorf("unknown statement")
}

func (p *policy) addLog(vkey string) error {
	verifier, err := note.NewVerifier(vkey)
	if err != nil {
		return err
	}
	if err := p.addKey("log", vkey); err != nil {
		return err
	}
	p.logs = append(p.logs, verifier)
	p.verifiers = append(p.verifiers, verifier)
	return nil
}

func (p *policy) addWitness(name, vkey string) error {
	verifier, err := newCosignatureVerifier(vkey)
	if err != nil {
		return err
	}
	if err := p.addKey("witness", vkey); err != nil {
		return err
	}
	if err := p.define(name); err != nil {
		return err
	}
	if verifier != nil {
		p.witnesses[name] = verifier
		p.verifiers = append(p.verifiers, verifier)
	}
	return nil
}

func (p *policy) addGroup(name, wanted string, members []string) error {
	threshold := 1
	if wanted == "all" {
		threshold = len(members)
	} else if wanted != "any" {
		number, err := strconv.Atoi(wanted)
		if err != nil || number < 1 || number > len(members) || strconv.Itoa(number) != wanted {
			return fmt.Errorf("bad threshold")
		}
		threshold = number
	}
	for _, member := range members {
		if !p.defined[member] || p.placed[member] {
			return fmt.Errorf("member %q not defined, or placed twice", member)
		}
		p.placed[member] = true
	}
	p.groups = append(p.groups, group{name, threshold, members})
	return p.define(name)
}

func (p *policy) define(name string) error {
	if name == "none" || p.defined[name] {
		return fmt.Errorf("name %q reserved, or defined twice", name)
	}
	p.defined[name] = true
	return nil
}

func (p *policy) addKey(role, vkey string) error {
	encoded := vkey[strings.Index(vkey, "+")+10:] // behind the name, a plus, eight digits and a plus
	material, err := base64.StdEncoding.Strict().DecodeString(encoded)
	if err != nil {
		return err
	}
	id := role + string(material[1:])
	if p.keys[id] {
		return fmt.Errorf("one key twice")
	}
	p.keys[id] = true
	return nil
}

// check reports whether the signatures that note.Open verified meet the policy for a log of this origin.
func (p *policy) check(origin string, verified []note.Signature) error {
	signed := map[string]bool{}
	for _, sig := range verified {
		signed[sig.Name+"\n"+strconv.FormatUint(uint64(sig.Hash), 16)] = true
	}
	has := func(v note.Verifier) bool {
		return v != nil && signed[v.Name()+"\n"+strconv.FormatUint(uint64(v.KeyHash()), 16)]
	}
	byLog := false
	for _, log := range p.logs {
		byLog = byLog || has(log) && log.Name() == origin
	}
	if !byLog {
		return fmt.Errorf("not signed by a trusted log of origin %q", origin)
	}
	met := map[string]bool{"none": true}
	for name, witness := range p.witnesses {
		met[name] = has(witness)
	}
	for _, g := range p.groups {
		count := 0
		for _, member := range g.members {
			if met[member] {
				count++
			}
		}
		met[g.name] = count >= g.threshold
	}
	if !met[p.quorum] {
		return fmt.Errorf("quorum %q not met", p.quorum)
	}
	return nil
}
