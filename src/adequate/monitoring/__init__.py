"""What happens in production, and how sure is that? Pure: arrays in, values out; no store, no clock, `rng` passed.

rates      shares, moved, below       labels, confidence, violations: bounds that hold however often they are looked at
drift      drifted                    whether inputs can be told from those the model was tested on
estimate   estimates                  accuracy without labels; blind to a change of what is right
audit      audited                    accuracy by labels of a uniform sample; sees what estimates can't
abstain    chosen                     the confidence below which a person is cheaper than the model's errors
product    correlated                 does the model's metric go with the product's?
costs      cost                       of 1,000 predictions
alerts     alerts                     what somebody should know, since when, and what to do
"""
