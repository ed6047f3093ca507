module gatewayanswer

go 1.22
