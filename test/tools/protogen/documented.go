package main

import (
	"errors"
	"fmt"
	"strings"

	"github.com/bufbuild/protocompile/linker"
	"google.golang.org/protobuf/reflect/protoreflect"
)

// documented returns an error for each message, field and enum without a comment before or behind it.
func documented(files linker.Files) error {
	var missing []error
	require := func(d protoreflect.Descriptor) {
		at := d.ParentFile().SourceLocations().ByDescriptor(d)
		if strings.TrimSpace(at.LeadingComments+at.TrailingComments) == "" {
			missing = append(missing, fmt.Errorf("%s:%d: %s has no comment", d.ParentFile().Path(), at.StartLine+1, d.FullName()))
		}
	}
	var messages func(protoreflect.MessageDescriptors)
	enums := func(list protoreflect.EnumDescriptors) {
		for i := range list.Len() {
			require(list.Get(i))
		}
	}
	messages = func(list protoreflect.MessageDescriptors) {
		for i := range list.Len() {
			message := list.Get(i)
			if message.IsMapEntry() {
				continue
			}
			require(message)
			for j := range message.Fields().Len() {
				require(message.Fields().Get(j))
			}
			enums(message.Enums())
			messages(message.Messages())
		}
	}
	for _, file := range files {
		messages(file.Messages())
		enums(file.Enums())
	}
	return errors.Join(missing...)
}
