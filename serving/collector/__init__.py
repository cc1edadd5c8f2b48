"""The first-party collector: browsers' events and signed form submissions in, durable segments out.

What was answered with 202 is on the disk. Form submissions go on to other tools through an outbox. The commands
`leadmill collector` and `leadmill outbox` call `server` and `outbox`; neither is imported here, for the web framework
takes a while that `leadmill status` should not wait for.
"""
